/**
 * The used part of sharp's API. Its declarations would add another set of
 * Node's types to every program that imports this package.
 *
 * @module
 */

/** Options for reading an image. */
export interface SharpInput {
  readonly ignoreIcc: boolean;
  readonly limitInputPixels: number;
  readonly sequentialRead: boolean;
  readonly failOn: "warning" | "error";
}

/** A pipeline of operations on an image. */
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
