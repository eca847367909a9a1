/**
 * Encodes PNG images, synchronously and without a canvas.
 *
 * Three forms are supported: grey, palette (one byte per pixel, as from a
 * colour map), and RGB. Rows are not filtered: PNG's filters do not help for
 * feature maps and matrices.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";
import { cannot } from "../check.ts";

/** Pixels in row-major order, from the top left. */
export interface Pixels {
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
  /** `height · width` grey values or palette indices, or `height · width · 3` values of RGB. */
  readonly data: Uint8Array;
  /** Up to 256 colours, three bytes each; then {@linkcode data} holds indices into it. */
  readonly palette?: Uint8Array | undefined;
  /** The colour of the palette that is transparent; default: none. */
  readonly transparent?: number | undefined;
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]; // PNG signature
const GREY = 0;
const RGB = 2;
const INDEXED = 3;

/**
 * Encodes pixels as a PNG file.
 *
 * Source: W3C, "Portable Network Graphics (PNG) Specification", third edition.
 *
 * @param pixels The pixels; the number of bytes determines grey or RGB.
 * @returns The file's bytes.
 * @throws {RangeError} If sizes, data and palette are inconsistent.
 */
export function toPng(pixels: Pixels): Uint8Array<ArrayBuffer> {
  const { width, height, data, palette, transparent } = pixels;
  const kind = kindOf(pixels);
  const rowBytes = kind === RGB ? 3 * width : width;
  const raw = new Uint8Array(height * (rowBytes + 1)); // a filter byte, 0, before each row
  for (let row = 0; row < height; row++) {
    raw.set(
      data.subarray(row * rowBytes, (row + 1) * rowBytes),
      row * (rowBytes + 1) + 1,
    );
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits a sample
  header.setUint8(9, kind);
  return new Uint8Array(Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...(palette === undefined ? [] : [chunk("PLTE", palette)]),
    ...(transparent === undefined
      ? []
      : [chunk("tRNS", opacities(transparent))]),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", new Uint8Array(0)),
  ]));
}

/** Alpha of each colour up to the transparent one; others are opaque. */
function opacities(transparent: number): Uint8Array {
  const bytes = new Uint8Array(transparent + 1).fill(255);
  bytes[transparent] = 0;
  return bytes;
}

function kindOf({ width, height, data, palette }: Pixels): number {
  const action = "encode PNG";
  for (const [name, size] of [["width", width], ["height", height]] as const) {
    if (Number.isInteger(size) && size >= 1 && size < 2 ** 31) continue;
    throw new RangeError(
      cannot(action, `"${name}" must be a positive integer below 2^31`, size),
    );
  }
  const count = width * height;
  if (palette === undefined) {
    if (data.length === count) return GREY;
    if (data.length === 3 * count) return RGB;
    throw new RangeError(
      cannot(
        action,
        `"data" must hold ${count} grey or ${3 * count} RGB bytes`,
        data.length,
      ),
    );
  }
  if (data.length !== count) {
    throw new RangeError(
      cannot(action, `"data" must hold ${count} indices`, data.length),
    );
  }
  const colors = palette.length / 3;
  if (!Number.isInteger(colors) || colors < 1 || colors > 256) {
    throw new RangeError(
      cannot(
        action,
        `"palette" must hold 1 to 256 colours of 3 bytes`,
        palette.length,
      ),
    );
  }
  const largest = data.reduce((most, index) => Math.max(most, index), 0);
  if (largest >= colors) {
    throw new RangeError(
      cannot(action, `indices must be below the ${colors} colours`, largest),
    );
  }
  return INDEXED;
}

function chunk(name: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}
