/**
 * NumPy's `.npy` arrays, and `.npz` archives of them. Arrays of Python objects
 * are refused, because they are pickles, which can execute code.
 *
 * Source: NumPy, "numpy.lib.format", versions 1.0 to 3.0.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import { type ByteSource, bytesSource, unreadable } from "./byte_source.ts";
import {
  sizeOfType,
  type StoredArray,
  type StoredType,
  swapBytes,
  valuesOf,
} from "./stored_array.ts";
import type { Pacer } from "./pacer.ts";
import { ZipArchive } from "./zip.ts";

const bad = unreadable("array");

const TYPES: Readonly<Record<string, StoredType>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};
const HEADER =
  /^\{\s*(?=.*'descr':\s*'([<>|=])([a-zA-Z]\d*)')(?=.*'fortran_order':\s*(True|False))(?=.*'shape':\s*\(([\d\s,L]*)\))('\w+':\s*('[^']*'|True|False|\([\d\s,L]*\))\s*,?\s*){3}\}\s*$/;
const MOST_AXES = 32;

/** The header of an `.npy` file. */
export interface NpyHeader {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: StoredType;
  /** Whether the most significant byte comes first. */
  readonly isBigEndian: boolean;
  /** Whether it is in column-major order. */
  readonly isFortran: boolean;
  /** Offset of the values. */
  readonly start: number;
}

/** Header of an array of strings of fixed length, `U` or `S` of NumPy. */
export interface NpyTextHeader {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Characters of a string, or bytes. */
  readonly characters: number;
  /** Whether a character is a code point of four bytes, or one byte of UTF-8. */
  readonly isUnicode: boolean;
  /** Whether the most significant byte comes first. */
  readonly isBigEndian: boolean;
  /** Offset of the values. */
  readonly start: number;
}

/** A header before its type is checked. */
interface Layout {
  readonly code: string | undefined;
  readonly isBigEndian: boolean;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  readonly start: number;
  readonly text: string;
}

function readLayout(source: ByteSource): Layout {
  const head = new Uint8Array(Math.min(12, source.size));
  source.read(0, head);
  const [version = 0] = head.subarray(6);
  if (
    head.length < 12 ||
    String.fromCharCode(...head.subarray(0, 6)) !== "\x93NUMPY" ||
    version < 1 || version > 3
  ) {
    throw bad(source, "it must begin as NumPy's arrays do", [...head]);
  }
  const view = new DataView(head.buffer);
  const length = version === 1
    ? view.getUint16(8, true)
    : view.getUint32(8, true);
  const start = (version === 1 ? 10 : 12) + length;
  if (start > source.size || length > 65_536) {
    throw bad(source, "its header must lie in it", length);
  }
  const bytes = new Uint8Array(length);
  source.read(start - length, bytes);
  const text = new TextDecoder().decode(bytes);
  const [, order, code, fortran, sizes] = HEADER.exec(text) ?? [];
  const shape = (sizes ?? "").split(",").map((size) => size.trim())
    .filter((size) => size !== "").map((size) => parseInt(size));
  return {
    code,
    isBigEndian: order === ">",
    isFortran: fortran === "True" && shape.length > 1,
    shape,
    start,
    text,
  };
}

/**
 * Reads the header of an `.npy` file.
 *
 * @param source The file.
 * @returns The header.
 * @throws {SyntaxError} If it is not such a file, or contains Python objects.
 */
export function readNpyHeader(source: ByteSource): NpyHeader {
  const { code, text, ...layout } = readLayout(source);
  const dtype = TYPES[code ?? ""];
  if (code?.startsWith("O") || (code === undefined && /'\|?O/.test(text))) {
    throw bad(
      source,
      "its elements must be numbers",
      "Python objects",
      "save it again as arrays of numbers: objects are programs, and are never run",
    );
  }
  if (dtype === undefined) {
    const hint = "save it again as an array of numbers";
    throw bad(source, "its elements must be numbers", text.trim(), hint);
  }
  checkSize(source, layout, sizeOfType(dtype));
  const { shape, isBigEndian, isFortran, start } = layout;
  return { shape, dtype, isBigEndian, isFortran, start };
}

function checkSize(
  source: ByteSource,
  { shape, start }: Pick<Layout, "shape" | "start">,
  bytes: number,
): void {
  const count = sizeOf(shape) * bytes;
  if (shape.length <= MOST_AXES && count === source.size - start) return;
  const rule = `it must have ${count} bytes of values`;
  throw bad(source, rule, source.size - start);
}

/**
 * Reads the header of an `.npy` file of strings.
 *
 * @param source The file.
 * @returns The header; undefined for a file of something else.
 * @throws {SyntaxError} If it is not such a file, or cut.
 */
export function readNpyTextHeader(
  source: ByteSource,
): NpyTextHeader | undefined {
  const { code, shape, isBigEndian, start } = readLayout(source);
  const [, kind, digits] = /^([US])(\d+)$/.exec(code ?? "") ?? [];
  if (kind === undefined) return undefined;
  const characters = Number(digits);
  const isUnicode = kind === "U";
  checkSize(source, { shape, start }, characters * (isUnicode ? 4 : 1));
  return { shape, characters, isUnicode, isBigEndian, start };
}

/**
 * Reads some strings of a list.
 *
 * @param source The file.
 * @param header Its header, of one axis.
 * @param start The first row.
 * @param end The row after the last.
 * @returns The strings, without the zeros at their ends.
 * @throws {SyntaxError} If bytes are no UTF-8, or a character is none.
 */
export function readNpyTextRows(
  source: ByteSource,
  header: NpyTextHeader,
  start: number,
  end: number,
): string[] {
  const { characters, isUnicode, isBigEndian } = header;
  const size = characters * (isUnicode ? 4 : 1);
  const bytes = new Uint8Array((end - start) * size);
  source.read(header.start + start * size, bytes);
  const view = new DataView(bytes.buffer);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const one = (at: number) => {
    if (!isUnicode) {
      return decoder.decode(bytes.subarray(at, at + size)).replace(/\0+$/, "");
    }
    const codeAt = (i: number) => view.getUint32(at + 4 * i, !isBigEndian);
    let length = characters;
    while (length > 0 && codeAt(length - 1) === 0) length--;
    const codes = Array.from({ length }, (_, i) => codeAt(i));
    return String.fromCodePoint(...codes);
  };
  return Array.from({ length: end - start }, (_, i) => {
    try {
      return one(i * size);
    } catch (error) {
      const rule = "its strings must be Unicode, bytes must be UTF-8";
      const hint = `it is in row ${start + i}`;
      throw bad(
        source,
        rule,
        [...bytes.subarray(i * size, i * size + 8)],
        hint,
        error,
      );
    }
  });
}

/**
 * Reads an `.npy` file.
 *
 * @param source The file.
 * @returns The array, in row-major order whatever order the file has.
 * @throws {SyntaxError} If it is not such a file, or contains Python objects.
 */
export function readNpy(source: ByteSource): StoredArray {
  const { shape, dtype, isBigEndian, isFortran, start } = readNpyHeader(source);
  const bytes = new Uint8Array(source.size - start);
  source.read(start, bytes);
  const size = sizeOfType(dtype);
  if (isBigEndian && size > 1) swapBytes(bytes, size);
  const ordered = isFortran ? rowMajor(bytes, shape, size) : bytes;
  return { data: valuesOf(ordered, dtype), shape, dtype };
}

/**
 * Reads some rows of an `.npy` file.
 *
 * @param source The file.
 * @param header Its header, of rank 1 or more.
 * @param start The first row.
 * @param end The row after the last.
 * @returns The rows, in row-major order whatever order the file has.
 */
export function readNpyRows(
  source: ByteSource,
  header: NpyHeader,
  start: number,
  end: number,
): StoredArray {
  const { shape, dtype, isBigEndian, isFortran } = header;
  const size = sizeOfType(dtype);
  const rows = end - start;
  const rest = shape.slice(1);
  const width = sizeOf(rest);
  const bytes = new Uint8Array(rows * width * size);
  if (!isFortran) source.read(header.start + start * width * size, bytes);
  else {
    // The rows of one position are adjacent.
    const line = rows * size;
    for (let position = 0; position < width; position++) {
      const at = (position * shape[0]! + start) * size;
      const into = bytes.subarray(position * line, (position + 1) * line);
      source.read(header.start + at, into);
    }
  }
  if (isBigEndian && size > 1) swapBytes(bytes, size);
  const part = [rows, ...rest];
  const ordered = isFortran ? rowMajor(bytes, part, size) : bytes;
  return { data: valuesOf(ordered, dtype), shape: part, dtype };
}

/**
 * Reads one `.npy` file in memory.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns The array.
 * @throws {SyntaxError} If it is not such a file, or contains Python objects.
 */
export function fromNpy(bytes: Uint8Array, name = "bytes"): StoredArray {
  return readNpy(bytesSource(bytes, name));
}

/**
 * The arrays of an `.npz` archive, by name and without `.npy`; each is read and
 * verified on demand.
 *
 * @param source The archive.
 * @returns A part for each array, for {@linkcode readNpy}.
 * @throws {SyntaxError} If it is not an archive, or contains other files.
 */
export function npzArrays(source: ByteSource): Map<string, () => ByteSource> {
  return arraysOf(source, new ZipArchive(source));
}

/**
 * Maximum number of bytes of decompressed arrays, which are held in memory
 * while they are read.
 */
const MOST_GROWTH = 2 ** 31;

/**
 * The arrays of an `.npz` archive of data, after every checksum was verified.
 * Uncompressed arrays are read in place.
 *
 * @param source The archive.
 * @param pacer Aborts the verification.
 * @returns A part for each array, by name and without `.npy`.
 * @throws {SyntaxError} If it is not an archive, is damaged, or contains other
 * files.
 */
export async function openNpz(
  source: ByteSource,
  pacer?: Pacer,
): Promise<Map<string, () => Promise<ByteSource>>> {
  const archive = new ZipArchive(source, { growth: MOST_GROWTH });
  arraysOf(source, archive);
  await archive.verify(pacer);
  const arrays = new Map<string, () => Promise<ByteSource>>();
  for (const name of archive.members.keys()) {
    arrays.set(name.slice(0, -4), () => archive.part(name));
  }
  return arrays;
}

function arraysOf(
  source: ByteSource,
  archive: ZipArchive,
): Map<string, () => ByteSource> {
  const arrays = new Map<string, () => ByteSource>();
  for (const name of archive.members.keys()) {
    if (!name.endsWith(".npy")) {
      throw bad(source, "it must hold .npy arrays", name);
    }
    const label = `${source.name}/${name}`;
    arrays.set(
      name.slice(0, -4),
      () => bytesSource(archive.bytes(name), label),
    );
  }
  return arrays;
}

/** Converts elements from column-major order. */
function rowMajor(
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  size: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length);
  const index = shape.map(() => 0);
  for (let from = 0; from < bytes.length; from += size) {
    const to = index.reduce((at, i, axis) => at * shape[axis]! + i, 0) * size;
    result.set(bytes.subarray(from, from + size), to);
    for (let axis = 0; axis < shape.length; axis++) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
