/**
 * Encodes ids of samples as arrays, and decodes them.
 *
 * Integers are stored as int64, other numbers as float64. Strings are stored as
 * concatenated UTF-8 bytes, with the offset of each. If a set contains both,
 * numbers are written as strings and marked.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { StoredArray } from "../formats/stored_array.ts";

/** The encoding of the ids of a file. */
export type IdKind = "int64" | "float64" | "string" | "mixed";

/** Ids of samples. */
export type Ids = readonly (string | number)[];

/** The column of ids. */
export const ID = "sonde.id";
/** Offset of each string; one more than there are samples. */
export const OFFSETS = "sonde.id.offsets";
/** Which of the strings are numbers. */
export const IS_NUMBER = "sonde.id.isNumber";

/**
 * The encoding that represents ids exactly.
 *
 * @param ids The ids.
 * @returns The encoding.
 */
export function kindOfIds(ids: ArrayLike<string | number>): IdKind {
  let numStrings = 0;
  let isWhole = true;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (typeof id === "string") numStrings++;
    else if (!Number.isSafeInteger(id) || Object.is(id, -0)) isWhole = false;
  }
  if (numStrings === 0) return isWhole ? "int64" : "float64";
  return numStrings === ids.length ? "string" : "mixed";
}

/**
 * The encoding for the ids of several parts.
 *
 * @param kinds The encodings of the parts.
 * @returns The encoding.
 */
export function joinKinds(kinds: readonly IdKind[]): IdKind {
  const found = new Set(kinds);
  if (found.size === 0) return "int64";
  if (found.size === 1) return kinds[0]!;
  return found.has("string") || found.has("mixed") ? "mixed" : "float64";
}

/**
 * Encodes ids as arrays.
 *
 * @param ids The ids.
 * @param kind The encoding.
 * @returns The arrays by name.
 * @throws {TypeError} If a string cannot be encoded as UTF-8.
 */
export function encodeIds(
  ids: ArrayLike<string | number>,
  kind: IdKind,
): Map<string, StoredArray> {
  const shape = [ids.length];
  if (kind === "int64") {
    const data = BigInt64Array.from(
      { length: ids.length },
      (_, i) => BigInt(ids[i]!),
    );
    return new Map([[ID, { data, shape, dtype: kind }]]);
  }
  if (kind === "float64") {
    const data = Float64Array.from(
      { length: ids.length },
      (_, i) => Number(ids[i]!),
    );
    return new Map([[ID, { data, shape, dtype: kind }]]);
  }
  const offsets = new BigInt64Array(ids.length + 1);
  const strings: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    const bytes = encoder.encode(textOf(ids[i]!));
    strings.push(bytes);
    at += bytes.length;
    offsets[i + 1] = BigInt(at);
  }
  const data = new Uint8Array(at);
  strings.forEach((text, i) => data.set(text, Number(offsets[i]!)));
  const arrays = new Map<string, StoredArray>([
    [ID, { data, shape: [at], dtype: "uint8" }],
    [OFFSETS, { data: offsets, shape: [ids.length + 1], dtype: "int64" }],
  ]);
  if (kind === "mixed") {
    const isNumber = Uint8Array.from(
      { length: ids.length },
      (_, i) => Number(typeof ids[i] === "number"),
    );
    arrays.set(IS_NUMBER, { data: isNumber, shape, dtype: "bool" });
  }
  return arrays;
}

/**
 * Converts an id to a string.
 *
 * @param id The id.
 * @returns Its digits, or the string.
 * @throws {TypeError} If it is a string that cannot be encoded as UTF-8.
 */
export function textOf(id: string | number): string {
  if (typeof id === "number") return Object.is(id, -0) ? "-0" : String(id);
  if (id.isWellFormed()) return id;
  const rule = "every id must be text that UTF-8 can hold";
  throw new TypeError(cannot("write features", rule, id));
}

/**
 * Decodes ids from strings and marks.
 *
 * @param strings One string per id.
 * @param isNumber Which of them are numbers; without it, none.
 * @returns The ids.
 */
export function fromStrings(
  strings: readonly string[],
  isNumber?: ArrayLike<number>,
): (string | number)[] {
  return strings.map((text, i) => isNumber?.[i] ? Number(text) : text);
}

/**
 * Decodes strings from bytes and offsets.
 *
 * @param bytes The bytes from that of `offsets[0]` on.
 * @param offsets The offset of each, and the end of the last.
 * @returns The strings.
 * @throws {TypeError} If they are not UTF-8.
 */
export function decodeStrings(
  bytes: Uint8Array,
  offsets: ArrayLike<number | bigint>,
): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const start = Number(offsets[0] ?? 0);
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const from = Number(offsets[i]!) - start;
    return decoder.decode(
      bytes.subarray(from, Number(offsets[i + 1]!) - start),
    );
  });
}
