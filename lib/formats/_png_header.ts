/**
 * Metadata in the chunks of a PNG image.
 *
 * Source: W3C, "Portable Network Graphics (PNG) Specification", third edition.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { DecodedImage } from "./pixels.ts";

/** Facts about a PNG image that are known before it is decoded. */
export interface PngHeader {
  /** The colour that is transparent, 16 bits a channel; of grey and RGB only. */
  readonly key?: readonly number[];
}

const GREY = 0;
const RGB = 2;

/**
 * Reads the chunks.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns The metadata.
 * @throws {SyntaxError} If the file ends before its last chunk does.
 */
export function readPngHeader(bytes: Uint8Array, name: string): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const color = bytes[25];
  const channels = color === GREY ? 1 : color === RGB ? 3 : 0;
  let key: readonly number[] | undefined;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const start = at + 8;
    at = start + length + 4;
    if (at > bytes.length) break;
    if (type === "IEND") return key === undefined ? {} : { key };
    if (type !== "tRNS" || channels === 0 || length < 2 * channels) continue;
    key = Array.from(
      { length: channels },
      (_, c) => view.getUint16(start + 2 * c),
    );
  }
  const rule = "it must have an end";
  const text = cannot(
    `decode image "${name}"`,
    rule,
    `${bytes.length} bytes`,
    "is it cut?",
  );
  throw new SyntaxError(text);
}

/**
 * Makes the pixels of one colour transparent, as Pillow does: values of 8 bits
 * are compared with the low 8 bits of the colour, whatever bits the file has;
 * grey of one bit with black or white.
 *
 * @param image Grey or RGB; alpha that it has is replaced.
 * @param key The colour, as the file has it.
 * @param bits Bits of a value in the file.
 * @returns The image, with alpha.
 */
export function withKey(
  { data, height, width, channels }: DecodedImage,
  key: readonly number[],
  bits: number,
): DecodedImage {
  const colors = key.length;
  const wanted = key.map((value) =>
    bits === 1 ? value === 0 ? 0 : 255 : value & 255
  );
  const result = new Uint8Array(height * width * (colors + 1));
  for (let i = 0; i < height * width; i++) {
    const to = i * (colors + 1);
    let isKey = true;
    for (let c = 0; c < colors; c++) {
      const value = data[i * channels + c]!;
      result[to + c] = value;
      isKey &&= value === wanted[c];
    }
    result[to + colors] = isKey ? 0 : 255;
  }
  return { data: result, height, width, channels: colors + 1 };
}
