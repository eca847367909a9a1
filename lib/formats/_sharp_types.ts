/**
 * What is used of sharp. Its own declarations bring another set of Node's types
 * into every program that imports this package.
 *
 * @module
 */

/** How an image is read. */
export interface SharpInput {
  readonly ignoreIcc: boolean;
  readonly limitInputPixels: number;
  readonly sequentialRead: boolean;
  readonly failOn: "warning" | "error";
}

/** An image, and what is to be done with it. */
export interface SharpImage {
  metadata(): Promise<{
    readonly space?: string;
    readonly depth?: string;
    readonly orientation?: number;
  }>;
  pipelineColourspace(space: string): SharpImage;
  toColourspace(space: string): SharpImage;
  autoOrient(): SharpImage;
  raw(options: { readonly depth?: "ushort" }): SharpImage;
  toBuffer(options: { readonly resolveWithObject: true }): Promise<{
    readonly data: Uint8Array<ArrayBuffer>;
    readonly info: {
      readonly height: number;
      readonly width: number;
      readonly channels: number;
    };
  }>;
}

declare const sharp: (bytes: Uint8Array, input: SharpInput) => SharpImage;
export default sharp;
