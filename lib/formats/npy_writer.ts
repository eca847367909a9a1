/**
 * Writes NumPy's `.npy` arrays: the header, followed by the values in row-major
 * order.
 *
 * Source: NumPy, "numpy.lib.format", version 1.0.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";
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

/**
 * Decodes strings from NumPy's bytes.
 *
 * @param bytes The bytes, from the start of their buffer.
 * @param characters Maximum number of characters per string.
 * @returns The strings, without the zeros at their ends.
 */
export function stringsOf(
  bytes: Uint8Array<ArrayBuffer>,
  characters: number,
): string[] {
  const codes = new Uint32Array(bytes.buffer, bytes.byteOffset);
  const numStrings = characters === 0 ? 0 : codes.length / characters;
  return Array.from({ length: numStrings }, (_, i) => {
    const text = codes.subarray(i * characters, (i + 1) * characters);
    let length = characters;
    while (length > 0 && text[length - 1] === 0) length--;
    return String.fromCodePoint(...text.subarray(0, length));
  });
}

const TEXT_HEADER =
  /^\{\s*'descr':\s*'<U(\d+)',\s*'fortran_order':\s*False,\s*'shape':\s*\((\d+),\),?\s*\}\s*$/;

/** The location of fixed-length strings. */
export interface TextHeader {
  /** Maximum number of characters per string. */
  readonly characters: number;
  /** The number of strings. */
  readonly count: number;
  /** Offset of the first string. */
  readonly start: number;
}

/**
 * Reads the location of the strings of a list.
 *
 * @param source A file with a header of {@linkcode npyHead}.
 * @returns The location.
 * @throws {SyntaxError} If it is not a list of strings, or truncated.
 */
export function readTextHeader(source: ByteSource): TextHeader {
  const head = new Uint8Array(10);
  source.read(0, head);
  const start = 10 + new DataView(head.buffer).getUint16(8, true);
  const bytes = new Uint8Array(start - 10);
  source.read(10, bytes);
  const text = new TextDecoder().decode(bytes);
  const [, characters, count] = TEXT_HEADER.exec(text) ?? [];
  const header = {
    characters: Number(characters),
    count: Number(count),
    start,
  };
  const size = 4 * header.characters * header.count;
  if (size === source.size - start) return header;
  const rule = "it must hold a complete list of strings";
  throw new SyntaxError(
    cannot(`read array "${source.name}"`, rule, text.trim()),
  );
}
