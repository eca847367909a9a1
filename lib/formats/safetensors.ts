/**
 * Safetensors: a JSON header with metadata strings, followed by named arrays.
 * Such a file contains no code.
 *
 * Violations of the format are refused: gaps between arrays, overlapping
 * arrays, bytes after the last one, and duplicate names.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { cannot, isPlainObject, sizeOf } from "../check.ts";
import {
  type ByteSource,
  bytesSource,
  joinBytes,
  unreadable,
} from "./byte_source.ts";
import { parseLooseJson } from "./loose_json.ts";
import {
  sizeOfType,
  type StoredArray,
  type StoredType,
  valuesOf,
} from "./stored_array.ts";

const bad = unreadable("safetensors");

/** The location of an array in a safetensors file. */
export interface SafetensorsEntry {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: StoredType;
  /** Offset of its bytes in the file. */
  readonly start: number;
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  /** Its arrays by name, in the order of the header. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Its metadata strings by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A range of rows, from `start` to `end`, exclusive. */
export interface RowRange {
  /** The first row. */
  readonly start: number;
  /** The row after the last. */
  readonly end: number;
}

const CODES: Readonly<Record<StoredType, string>> = {
  bool: "BOOL",
  int8: "I8",
  uint8: "U8",
  int16: "I16",
  uint16: "U16",
  int32: "I32",
  uint32: "U32",
  int64: "I64",
  uint64: "U64",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
};
const TYPES = new Map(
  Object.entries(CODES).map(([dtype, code]) => [code, dtype as StoredType]),
);
const METADATA = "__metadata__";
/** Names that are refused in addition to that of the metadata. */
const UNREADABLE = [METADATA, "__proto__", "constructor", "prototype"];
/** Limit of the reference implementation. */
const MOST_HEADER = 100_000_000;
const MOST_AXES = 32;
/** Alignment of the values. */
const ALIGNMENT = 8;
const WRITE = "write safetensors";

/**
 * Reads the header of a safetensors file, and checks it against the file's
 * size.
 *
 * @param source The file.
 * @returns The arrays' locations, and the metadata.
 * @throws {SyntaxError} If it is not such a file, is truncated, or violates the
 * format.
 */
export function readSafetensorsHeader(source: ByteSource): SafetensorsHeader {
  const size = new Uint8Array(8);
  if (source.size < 8) {
    throw bad(source, "it must have at least 8 bytes", source.size);
  }
  source.read(0, size);
  const length = Number(new DataView(size.buffer).getBigUint64(0, true));
  if (length > MOST_HEADER) {
    const rule = `its header must have at most ${MOST_HEADER} bytes`;
    throw bad(source, rule, length, "is it a safetensors file?");
  }
  if (8 + length > source.size) {
    const rule = `it must have the ${8 + length} bytes of its header`;
    throw bad(source, rule, source.size, "is it cut?");
  }
  const bytes = new Uint8Array(length);
  source.read(8, bytes);
  const limits = { bytes: MOST_HEADER, levels: 3 };
  const parsed = parseLooseJson(bytes, `header of ${source.name}`, limits);
  if (!isPlainObject(parsed)) {
    throw bad(source, "its header must be a JSON object", parsed);
  }
  const { [METADATA]: metadata, ...tensors } = parsed;
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(tensors)) {
    entries.set(name, entryOf(source, name, value, 8 + length));
  }
  checkContiguous(source, entries, 8 + length);
  return { entries, metadata: checkMetadata(source, metadata ?? {}) };
}

/**
 * Reads one array, or some of its rows.
 *
 * @param source The file.
 * @param entry The location of the array.
 * @param rows The rows; default: all.
 * @returns The array, a copy.
 */
export function readSafetensor(
  source: ByteSource,
  { shape, dtype, start }: SafetensorsEntry,
  rows?: RowRange,
): StoredArray {
  const [first = 1, ...rest] = shape;
  const { start: from, end } = rows ?? { start: 0, end: first };
  const stride = sizeOf(rest) * sizeOfType(dtype);
  const bytes = new Uint8Array((end - from) * stride);
  source.read(start + from * stride, bytes);
  const found = shape.length === 0 ? [] : [end - from, ...rest];
  return { data: valuesOf(bytes, dtype), shape: found, dtype };
}

/**
 * Reads a safetensors file in memory.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns Its arrays and metadata strings, by name.
 * @throws {SyntaxError} If it is not such a file, is truncated, or violates the
 * format.
 */
export function fromSafetensors(bytes: Uint8Array, name = "bytes"): {
  arrays: Map<string, StoredArray>;
  metadata: Readonly<Record<string, string>>;
} {
  const source = bytesSource(bytes, name);
  const { entries, metadata } = readSafetensorsHeader(source);
  const arrays = new Map<string, StoredArray>();
  for (const [key, entry] of entries) {
    arrays.set(key, readSafetensor(source, entry));
  }
  return { arrays, metadata };
}

/** An entry of the header. */
export interface TensorEntry {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: StoredType;
}

/** The start of a safetensors file. */
export interface SafetensorsHead {
  /** The bytes before the values. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names in the order of their values, without gaps. */
  readonly names: readonly string[];
}

/**
 * Creates the header of a safetensors file. The widest elements are first, so
 * that values are aligned. Equal arrays give equal bytes.
 *
 * @param entries The arrays by name.
 * @param metadata Metadata strings.
 * @returns The header, and the order of the values.
 * @throws {RangeError} If a name cannot be read back.
 */
export function safetensorsHead(
  entries: ReadonlyMap<string, TensorEntry>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsHead {
  const sorted = [...entries].sort(([, a], [, b]) =>
    sizeOfType(b.dtype) - sizeOfType(a.dtype)
  );
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA] = metadata;
  let at = 0;
  for (const [name, { shape, dtype }] of sorted) {
    checkName(name);
    const end = at + sizeOf(shape) * sizeOfType(dtype);
    header[name] = { dtype: CODES[dtype], shape, data_offsets: [at, end] };
    at = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return { bytes, names: sorted.map(([name]) => name) };
}

/**
 * A safetensors file.
 *
 * @param arrays The arrays by name.
 * @param metadata Metadata strings.
 * @returns New bytes.
 * @throws {RangeError} If a name cannot be read back, or the length of an array
 * does not match its shape.
 */
export function toSafetensors(
  arrays: ReadonlyMap<string, StoredArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const head = safetensorsHead(arrays, metadata);
  const parts = [head.bytes];
  for (const name of head.names) {
    const { data, shape, dtype } = arrays.get(name)!;
    const { buffer, byteOffset, byteLength } = data;
    const length = sizeOf(shape) * sizeOfType(dtype);
    if (byteLength !== length) {
      const rule = `array "${name}" must hold the ${length} bytes of its shape`;
      throw new RangeError(cannot(WRITE, rule, byteLength));
    }
    parts.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  }
  return joinBytes(parts);
}

function entryOf(
  source: ByteSource,
  name: string,
  value: unknown,
  base: number,
): SafetensorsEntry {
  const fields = isPlainObject(value) ? value : {};
  const { dtype: code, shape, data_offsets: offsets } = fields;
  const dtype = TYPES.get(String(code));
  if (dtype === undefined) {
    const known = [...TYPES.keys()].join(", ");
    throw bad(source, `array "${name}" must be of one of ${known}`, code);
  }
  if (!isSizes(shape) || shape.length > MOST_AXES) {
    const rule = `array "${name}" must have a shape of at most ${MOST_AXES}` +
      " whole numbers";
    throw bad(source, rule, shape);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw bad(source, `array "${name}" must have two offsets`, offsets);
  }
  const [start, end] = offsets as [number, number];
  const length = sizeOf(shape) * sizeOfType(dtype);
  if (end - start !== length) {
    const rule = `array "${name}" must have the ${length} bytes of its shape`;
    throw bad(source, rule, end - start);
  }
  return { shape, dtype, start: base + start };
}

/** Checks that arrays are contiguous from the header to the end of the file. */
function checkContiguous(
  source: ByteSource,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  base: number,
): void {
  const length = ({ shape, dtype }: SafetensorsEntry) =>
    sizeOf(shape) * sizeOfType(dtype);
  const sorted = [...entries].sort(([, a], [, b]) =>
    a.start - b.start || length(a) - length(b)
  );
  let at = base;
  for (const [name, entry] of sorted) {
    if (entry.start !== at) {
      const rule = `array "${name}" must begin at offset ${at - base}, ` +
        "where the one before it ends";
      throw bad(source, rule, entry.start - base);
    }
    at += length(entry);
  }
  if (at === source.size) return;
  const hint = at > source.size ? "is it cut?" : undefined;
  throw bad(source, `it must have ${at} bytes`, source.size, hint);
}

function checkMetadata(
  source: ByteSource,
  metadata: unknown,
): Readonly<Record<string, string>> {
  if (!isPlainObject(metadata)) {
    throw bad(source, "its metadata must be a JSON object", metadata);
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "string") continue;
    throw bad(source, `"${name}" of its metadata must be a string`, value);
  }
  return metadata as Record<string, string>;
}

function checkName(name: string): void {
  if (!UNREADABLE.includes(name)) return;
  const names = UNREADABLE.map((text) => `"${text}"`).join(", ");
  const rule = `no array must be named ${names}`;
  throw new RangeError(cannot(WRITE, rule, name));
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
