/**
 * Writes NumPy's `.npy` arrays: the header, followed by the values in row-major
 * order.
 *
 * Source: NumPy, "numpy.lib.format", version 1.0.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { StoredType } from "./stored_array.ts";

const CODES: Readonly<Record<StoredType, string | undefined>> = {
  bool: "|b1",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  int64: "<i8",
  uint64: "<u8",
  float16: "<f2",
  bfloat16: undefined,
  float32: "<f4",
  float64: "<f8",
};

/** Alignment of the values. */
const ALIGNMENT = 64;

/**
 * The header of an array.
 *
 * @param dtype Element type, or maximum number of characters per string.
 * @param shape Sizes of the axes.
 * @returns The bytes before the values.
 * @throws {TypeError} If NumPy has no such type.
 */
export function npyHead(
  dtype: StoredType | { readonly characters: number },
  shape: readonly number[],
): Uint8Array {
  const code = typeof dtype === "string"
    ? CODES[dtype]
    : `<U${dtype.characters}`;
  if (code === undefined) {
    const rule = "its elements must be of a type that NumPy has";
    throw new TypeError(cannot("write .npy", rule, dtype));
  }
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text =
    `{'descr': '${code}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[length - 1] = 0x0a;
  return bytes;
}

/**
 * Encodes strings as in NumPy: four bytes per character, padded with zeros.
 *
 * @param strings The strings.
 * @param characters Maximum number of characters per string.
 * @returns The bytes.
 */
export function fixedStrings(
  strings: readonly string[],
  characters: number,
): Uint8Array<ArrayBuffer> {
  const codes = new Uint32Array(strings.length * characters);
  strings.forEach((text, i) => {
    let at = i * characters;
    for (const character of text) codes[at++] = character.codePointAt(0)!;
  });
  return new Uint8Array(codes.buffer);
}
