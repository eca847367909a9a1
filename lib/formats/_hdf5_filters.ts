/**
 * Inverts the filters of HDF5 chunks, in reverse order.
 *
 * @module
 */
import { inflateSync } from "node:zlib";
import type { Cursor, Hdf5Bytes } from "./_hdf5_bytes.ts";
import { padded } from "./_hdf5_bytes.ts";

/** A filter that chunks go through when they are written. */
export interface Filter {
  readonly id: number;
  readonly name: string;
}

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const LZF = 32000;
/** Bytes of a checksum. */
const SUM = 4;
const NAMES: Readonly<Record<number, string>> = {
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
};

/** Reads the list of filters; each must be known and unique. */
export function readFilters(
  file: Hdf5Bytes,
  cursor: Cursor,
  elementSize: number,
): Filter[] {
  const version = cursor.u8();
  const count = cursor.u8();
  if (version !== 1 && version !== 2) {
    file.fail("filters must be of version 1 or 2", version);
  }
  if (version === 1) cursor.skip(6);
  const filters: Filter[] = [];
  for (let i = 0; i < count; i++) {
    const id = cursor.u16();
    const hasName = version === 1 || id >= 256;
    const nameLength = hasName ? cursor.u16() : 0;
    cursor.skip(2); // flags
    const numValues = cursor.u16();
    const stored = cursor.text(version === 1 ? padded(nameLength) : nameLength);
    const values = Array.from({ length: numValues }, () => cursor.u32());
    if (version === 1 && numValues % 2 === 1) cursor.skip(4);
    const name = NAMES[id] ?? stored;
    if (![DEFLATE, SHUFFLE, FLETCHER32, LZF].includes(id)) {
      const rule = "compression must be gzip, lzf, shuffle or fletcher32";
      file.fail(rule, `${name} (${id})`, "write the file again with Keras");
    }
    if (id === SHUFFLE && values[0] !== elementSize) {
      file.fail(`shuffle must be of ${elementSize} bytes`, values[0]);
    }
    if (filters.some((filter) => filter.id === id)) {
      file.fail("filters must be unique", `${name} (${id})`);
    }
    filters.push({ id, name });
  }
  if (cursor.left >= 8) file.fail(`there must be ${count} filters`, "more");
  return filters;
}

/** Decodes a chunk to the bytes of its values. */
export function unfilter(
  file: Hdf5Bytes,
  stored: Uint8Array<ArrayBuffer>,
  { filters, mask, length, elementSize, path }: {
    readonly filters: readonly Filter[];
    /** Filters that were skipped for this chunk, one bit each. */
    readonly mask: number;
    readonly length: number;
    readonly elementSize: number;
    readonly path: string;
  },
): Uint8Array<ArrayBuffer> {
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const { id, name } = filters[i]!;
    if ((mask & (1 << i)) !== 0) {
      // Only compression may be skipped.
      if (id === DEFLATE || id === LZF) continue;
      file.fail(`no chunk must leave out ${name}`, mask);
    }
    if (id === DEFLATE) bytes = inflated(file, bytes, length + SUM);
    if (id === LZF) bytes = lzf(file, bytes, length + SUM);
    if (id === SHUFFLE) bytes = unshuffled(bytes, elementSize);
    if (id === FLETCHER32) bytes = summed(file, bytes);
  }
  if (bytes.length === length) return bytes;
  return file.fail(
    `a chunk of "${path}" must have ${length} bytes`,
    bytes.length,
  );
}

function inflated(
  file: Hdf5Bytes,
  bytes: Uint8Array,
  most: number,
): Uint8Array<ArrayBuffer> {
  try {
    const options = { maxOutputLength: most, chunkSize: Math.max(64, most) };
    const { buffer, byteOffset, length } = inflateSync(bytes, options);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  } catch (cause) {
    return file.fail(
      "a chunk must be whole deflate data",
      (cause as Error).message,
    );
  }
}

/** Inverts shuffle: bytes were ordered by their index in an element. */
function unshuffled(
  bytes: Uint8Array,
  size: number,
): Uint8Array<ArrayBuffer> {
  const count = Math.floor(bytes.length / size);
  const result = new Uint8Array(bytes); // a partial element is not shuffled
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) {
      result[i * size + byte] = bytes[byte * count + i]!;
    }
  }
  return result;
}

/** Checks and removes the checksum at the end. */
function summed(
  file: Hdf5Bytes,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const length = bytes.length - SUM;
  if (length < 0) file.fail("a chunk must have a checksum", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const expected = view.getUint32(length, true);
  const found = fletcher32(bytes.subarray(0, length));
  if (found !== expected) {
    file.fail(`the checksum of a chunk must be ${expected}`, found);
  }
  return bytes.subarray(0, length);
}

/**
 * Fletcher's checksum over pairs of bytes, the first one most significant. Sums
 * are modulo 65535, with 65535 instead of 0 except for an empty sum.
 */
function fletcher32(bytes: Uint8Array): number {
  let a = 0;
  let b = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    a += bytes[at]! << 8 | (bytes[at + 1] ?? 0);
    if (a > 65535) a -= 65535;
    b += a;
    if (b > 65535) b -= 65535;
  }
  return (b * 65536 + a) >>> 0;
}

/**
 * Decompresses LZF.
 *
 * Source: Marc Lehmann, LibLZF, format of `lzf_d.c`.
 */
function lzf(
  file: Hdf5Bytes,
  bytes: Uint8Array,
  most: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(most);
  const cut = (): never => file.fail("a chunk must be whole LZF data", "cut");
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    const control = bytes[at++]!;
    if (control < 32) {
      const length = control + 1;
      if (at + length > bytes.length || end + length > most) cut();
      result.set(bytes.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += bytes[at++] ?? cut();
    const low = bytes[at++] ?? cut();
    const from = end - ((control & 31) << 8) - low - 1;
    if (from < 0 || end + length + 2 > most) cut();
    for (let i = 0; i < length + 2; i++) result[end++] = result[from + i]!;
  }
  return result.subarray(0, end);
}
