/**
 * Opens features in one safetensors file.
 *
 * @module
 */
import { type ByteSource, fileSource } from "../formats/byte_source.ts";
import {
  readSafetensor,
  readSafetensorsHeader,
  type RowRange,
  type SafetensorsEntry,
} from "../formats/safetensors.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import type { LinearHead, NdArray } from "../types.ts";
import {
  badFeatures,
  type ColumnSpec,
  type Description,
  headChecksum,
  parseDescription,
} from "./_description.ts";
import { decodeStrings, fromStrings, ID, IS_NUMBER, OFFSETS } from "./_ids.ts";
import type { Part } from "./part.ts";
import { BIAS, DESCRIPTION, KERNEL } from "./_write_safetensors.ts";

/**
 * Opens a safetensors file of features.
 *
 * @param path The file.
 * @returns Its rows; the caller closes them.
 * @throws {SyntaxError} If it is truncated, damaged, or not written by Sonde.
 */
export function openSafetensors(path: string): Part {
  const source = fileSource(path);
  try {
    return partOf(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

function partOf(source: ByteSource): Part {
  const { name } = source;
  const { entries, metadata } = readSafetensorsHeader(source);
  const description = parseDescription(metadata[DESCRIPTION], name);
  const { samples, columns } = description;
  const entryOf = (column: string) => {
    const entry = entries.get(column);
    if (entry !== undefined) return entry;
    throw badFeatures(name, `it must hold "${column}"`, [...entries.keys()]);
  };
  for (const column of columns) {
    checkColumn(name, column, samples, entryOf(column.name));
  }
  return {
    name,
    description,
    head: headOf(
      description,
      name,
      (key) => readSafetensor(source, entryOf(key)),
    ),
    read: (column, rows) => readSafetensor(source, entryOf(column), rows),
    ids: (rows) => readIds(source, description, entryOf, rows),
    close: () => source.close(),
  };
}

/**
 * Reads the head's weights, if a file has them.
 *
 * @param description The description of the file.
 * @param name The file, for messages.
 * @param read Reads one of its arrays.
 * @returns The head.
 * @throws {SyntaxError} If the weights were changed.
 */
export function headOf(
  { head, headCrc32 }: Description,
  name: string,
  read: (name: string) => StoredArray,
): LinearHead | undefined {
  if (head === undefined) return undefined;
  const weights = {
    kernel: read(KERNEL) as NdArray,
    bias: read(BIAS) as NdArray,
  };
  const found = headChecksum(weights);
  if (found === headCrc32) return weights;
  const rule = `the head's weights must have checksum ${
    headCrc32?.toString(16)
  }`;
  const hint = "the file was changed or is damaged: write it again";
  throw badFeatures(name, rule, found.toString(16), hint);
}

/**
 * Checks that an array matches the description.
 *
 * @param name The file.
 * @param column Its description.
 * @param samples The required number of rows.
 * @param array Its header in the file.
 * @throws {SyntaxError} If it does not match.
 */
export function checkColumn(
  name: string,
  { name: column, dtype, shape }: ColumnSpec,
  samples: number,
  array: { readonly dtype: string; readonly shape: readonly number[] },
): void {
  const expected = JSON.stringify([samples, ...shape]);
  if (array.dtype === dtype && JSON.stringify(array.shape) === expected) return;
  const rule = `"${column}" must be ${dtype} of shape ${expected}`;
  const found = `${array.dtype} of shape ${JSON.stringify(array.shape)}`;
  throw badFeatures(name, rule, found);
}

function readIds(
  source: ByteSource,
  { ids: { kind } }: Description,
  entryOf: (name: string) => SafetensorsEntry,
  rows: RowRange,
): (string | number)[] {
  const read = (name: string, range: RowRange) =>
    readSafetensor(source, entryOf(name), range).data;
  if (kind === "int64" || kind === "float64") {
    return Array.from(read(ID, rows) as ArrayLike<number | bigint>, Number);
  }
  const { start, end } = rows;
  const offsets = read(OFFSETS, { start, end: end + 1 }) as BigInt64Array;
  const [size] = entryOf(ID).shape;
  const isRising = offsets.every((offset, i) =>
    offset >= (offsets[i - 1] ?? 0n) && offset <= BigInt(size!)
  );
  if (!isRising) {
    const rule = "the offsets of its ids must rise within them";
    throw badFeatures(source.name, rule, [...offsets].map(Number));
  }
  const range = { start: Number(offsets[0]), end: Number(offsets.at(-1)) };
  const bytes = read(ID, range) as Uint8Array;
  const strings = readStrings(source.name, () => decodeStrings(bytes, offsets));
  if (kind === "string") return strings;
  return fromStrings(strings, read(IS_NUMBER, rows) as Uint8Array);
}

/**
 * Decodes ids, and reports damaged ones.
 *
 * @param name The file, for messages.
 * @param decode Decodes them.
 * @returns The ids.
 * @throws {SyntaxError} If they are not valid UTF-8.
 */
export function readStrings<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) {
      throw cause;
    }
    const hint = "the file was changed or is damaged: write it again";
    throw badFeatures(name, "its ids must be text", "other bytes", hint);
  }
}
