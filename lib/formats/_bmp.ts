/**
 * BMP images, as Pillow reads them.
 *
 * Source: Microsoft, "Bitmap Storage" and "Bitmap Header Types".
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type DecodedImage, MOST_PIXELS } from "./pixels.ts";

const RLE8 = 1;
const RLE4 = 2;
const MASKS = 3;
const MASKS_ALPHA = 6;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Offset of the pixels. */
  readonly start: number;
  /** Colours, four bytes each, blue first; three in the oldest files. */
  readonly palette: { data: Uint8Array; step: number };
  /** Bits of red, green, blue and alpha in a pixel. */
  readonly masks: readonly number[];
}

/**
 * Decodes a file.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns RGB; with alpha if its header has a mask for it.
 * @throws {SyntaxError} If it is damaged, of an unsupported kind, or has too
 * many pixels.
 */
export function fromBmp(bytes: Uint8Array, name = "bytes"): DecodedImage {
  const fail = (rule: string, value: unknown, hint?: string): never => {
    const action = `decode image "${name}"`;
    throw new SyntaxError(cannot(action, rule, value, hint));
  };
  if (bytes.length < 26) {
    fail("it must have a header", `${bytes.length} bytes`, "is it cut?");
  }
  const header = readHeader(bytes, fail);
  const { width, height, bits, compression, start } = header;
  const stride = Math.ceil(width * bits / 32) * 4;
  const isCompressed = compression === RLE8 || compression === RLE4;
  // Bytes that fill up the last row may be missing.
  const end = start + stride * (height - 1) + Math.ceil(width * bits / 8);
  if (!isCompressed && end > bytes.length) {
    fail(`it must have ${end} bytes`, bytes.length, "is it cut?");
  }
  const pixels = bytes.subarray(start);
  if (bits <= 8) {
    const indices = isCompressed
      ? unpackRuns(bytes, header, fail)
      : unpackBits(pixels, header, stride);
    return colored(indices, header);
  }
  return direct(pixels, header, stride);
}

type Fail = (rule: string, value: unknown, hint?: string) => never;

function readHeader(bytes: Uint8Array, fail: Fail): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(14, true);
  const isOld = size === 12;
  if (!isOld && (size < 40 || 14 + size > bytes.length)) {
    fail("its header must have 12 bytes, or 40 and more", size);
  }
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? 0 : view.getUint32(30, true);
  const height = Math.abs(rows);
  if (width < 1 || height < 1 || width * height > MOST_PIXELS) {
    fail(`it must have 1 to ${MOST_PIXELS} pixels`, width * height);
  }
  const isKnown = compression === 0 && [1, 4, 8, 16, 24, 32].includes(bits) ||
    compression === RLE8 && bits === 8 || compression === RLE4 && bits === 4 ||
    compression === MASKS && [16, 24, 32].includes(bits) ||
    compression === MASKS_ALPHA && (bits === 16 || bits === 32);
  if (!isKnown) {
    fail(
      "it must have pixels of 1, 4, 8, 16, 24 or 32 bits",
      `${bits} bits with compression ${compression}`,
      "save it as PNG",
    );
  }
  const step = isOld ? 3 : 4;
  const used = isOld ? 0 : view.getUint32(46, true);
  const hasMasks = compression === MASKS || compression === MASKS_ALPHA;
  const after = 14 + size +
    (hasMasks && size === 40 ? compression === MASKS ? 12 : 16 : 0);
  const colors = bits > 8 ? 0 : Math.min(used || 2 ** bits, 2 ** bits);
  const data = bytes.subarray(after, after + colors * step);
  const startOf = (stored: number) => {
    // As Pillow: files that name no start, or that of the palette.
    const end = after + (bits > 8 ? 0 : (used || 2 ** bits) * step);
    return stored === 0 || bits <= 8 && stored === 14 + size ? end : stored;
  };
  return {
    width,
    height,
    isTopDown: rows < 0,
    bits,
    compression,
    start: startOf(view.getUint32(10, true)),
    palette: { data, step },
    masks: hasMasks ? readMasks(view, size, compression, fail) : [],
  };
}

function readMasks(
  view: DataView,
  size: number,
  compression: number,
  fail: Fail,
): number[] {
  const count = size >= 56 || compression === MASKS_ALPHA ? 4 : 3;
  if (54 + 4 * count > view.byteLength) fail("it must have masks", "none");
  return Array.from(
    { length: count },
    (_, i) => view.getUint32(54 + 4 * i, true),
  );
}

/** One index a pixel, rows as in the file. */
function unpackBits(
  pixels: Uint8Array,
  { width, height, bits }: Header,
  stride: number,
): Uint8Array {
  const indices = new Uint8Array(width * height);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const byte = pixels[y * stride + (bit >> 3)]!;
      indices[to++] = (byte >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
    }
  }
  return indices;
}

/**
 * Runs of equal pixels, and of pixels as they are, one behind the other as
 * Pillow reads them: a run of equal pixels ends with its row, others go on in
 * the next one.
 */
function unpackRuns(
  bytes: Uint8Array,
  { width, height, bits, start }: Header,
  fail: Fail,
): Uint8Array {
  const indices = new Uint8Array(width * height);
  const isFour = bits === 4;
  const nibble = (byte: number, i: number) =>
    isFour ? i % 2 === 0 ? byte >> 4 : byte & 15 : byte;
  let [at, x, count] = [start, 0, 0];
  while (count < indices.length && at + 2 <= bytes.length) {
    const run = bytes[at++]!;
    const value = bytes[at++]!;
    if (run > 0) {
      const length = Math.min(run, Math.max(0, width - x));
      for (let i = 0; i < length; i++) indices[count++] = nibble(value, i);
      x += length;
    } else if (value === 0) {
      count = Math.ceil(count / width) * width;
      x = 0;
    } else if (value === 1) break;
    else if (value === 2) {
      if (at + 2 > bytes.length) break;
      count += bytes[at++]! + bytes[at++]! * width;
      x = count % width;
    } else {
      const length = Math.min(value, indices.length - count);
      const size = isFour ? Math.ceil(length / 2) : length;
      if (at + size > bytes.length) break;
      for (let i = 0; i < length; i++) {
        const byte = bytes[at + (isFour ? i >> 1 : i)]!;
        indices[count++] = nibble(byte, i);
      }
      at += size;
      x += value;
      at += at % 2;
    }
  }
  if (count < indices.length) {
    const rule = `its runs must fill its ${indices.length} pixels`;
    fail(rule, count, "is it cut? otherwise save it as PNG");
  }
  return indices;
}

/** The image row of a row of the file. */
function rowOf(y: number, { height, isTopDown }: Header): number {
  return isTopDown ? y : height - 1 - y;
}

function colored(indices: Uint8Array, header: Header): DecodedImage {
  const { width, height, palette: { data, step } } = header;
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    let to = rowOf(y, header) * width * 3;
    for (let x = 0; x < width; x++) {
      const from = indices[y * width + x]! * step;
      rgb[to++] = data[from + 2] ?? 0;
      rgb[to++] = data[from + 1] ?? 0;
      rgb[to++] = data[from] ?? 0;
    }
  }
  return { data: rgb, width, height, channels: 3 };
}

function direct(
  pixels: Uint8Array,
  header: Header,
  stride: number,
): DecodedImage {
  const { width, height, bits } = header;
  const masks = header.masks.some((mask) => mask !== 0)
    ? header.masks
    : header.masks.length > 0 // as Pillow: none are those of BGRA
    ? [0xff0000, 0xff00, 0xff, 0xff000000]
    : bits === 16
    ? [0x7c00, 0x3e0, 0x1f]
    : [0xff0000, 0xff00, 0xff];
  const used = masks.filter((mask, i) => i < 3 || mask !== 0);
  const fields = used.map((mask) => {
    const shift = mask === 0 ? 0 : Math.log2((mask & -mask) >>> 0);
    return { mask, shift, most: Math.max(1, mask >>> shift) };
  });
  const channels = fields.length;
  const data = new Uint8Array(width * height * channels);
  const step = bits / 8;
  for (let y = 0; y < height; y++) {
    let to = rowOf(y, header) * width * channels;
    for (let x = 0; x < width; x++) {
      const from = y * stride + x * step;
      let value = 0;
      for (let i = 0; i < step; i++) value += pixels[from + i]! * 256 ** i;
      for (const { mask, shift, most } of fields) {
        // As in Pillow: scaled to 8 bits, rounded down.
        const field = ((value & mask) >>> 0) >>> shift;
        data[to++] = Math.floor(field * 255 / most);
      }
    }
  }
  return { data, width, height, channels };
}
