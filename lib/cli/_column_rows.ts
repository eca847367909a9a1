/**
 * Reads rows of an Arrow column as one array of numbers.
 *
 * Lists are offsets into one long array of values, so a row is a range of it,
 * at any depth of lists. If the ranges of all rows are contiguous, nothing is
 * copied.
 *
 * @module
 */
import { type Data, DataType, Precision, type Vector } from "apache-arrow";
import { cannot, shapeText } from "../check.ts";
import { canReshape } from "../datasets/column_plan.ts";
import type { FeedData } from "../datasets/convert.ts";
import type { DType, NdArray } from "../types.ts";

/** The range of a row in the values of its column. */
interface Range {
  readonly start: number;
  readonly end: number;
  /** Sizes of its lists, from outer to inner. */
  readonly sizes: readonly number[];
}

/** The error of a row. */
export interface Fault {
  /** The violated rule. */
  readonly rule: string;
  /** The contents of the row. */
  readonly value: unknown;
  /** The cause. */
  readonly cause?: Error;
}

/** The rows of a dictionary-encoded column: an index for each row. */
export interface Indexed {
  /** The values of the indices; the column itself if it is not encoded. */
  readonly data: Data;
  /** The row of `data` for each row; undefined if they are the same. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Whether a row is not null. */
  isValid(row: number): boolean;
}

/** Values of some rows, and their bad rows. */
export interface ColumnRows {
  /** `[N, …]`; bad rows hold zeros. Undefined if all are bad. */
  readonly array: NdArray<FeedData> | undefined;
  /** Errors of bad rows, by row index. */
  readonly bad: ReadonlyMap<number, string>;
}

/**
 * Decodes a dictionary: rows become indices into its values.
 *
 * @param data A column of one batch, checked.
 * @returns The values, with an index for each row.
 * @throws {TypeError} If the dictionary came in pieces.
 */
export function decoded(data: Data): Indexed {
  const isValid = (row: number) => data.nullCount === 0 || data.getValid(row);
  if (!DataType.isDictionary(data.type)) return { data, isValid };
  const dictionary = data.dictionary as Vector | undefined;
  const indices = Int32Array.from(
    { length: data.length },
    (_, row) => isValid(row) ? Number(data.values[row]) : -1,
  );
  if (dictionary === undefined) return { data: data.clone(), indices, isValid };
  const values = oneChunk(dictionary);
  return {
    data: values,
    indices,
    isValid: (row) =>
      isValid(row) &&
      (values.nullCount === 0 || values.getValid(indices[row]!)),
  };
}

/** Joins a dictionary that was sent in pieces. */
function oneChunk(vector: Vector): Data {
  if (vector.data.length <= 1) return vector.data[0]!;
  const rule = "a dictionary of an input must come in one piece";
  const hint = "send the column without dictionary encoding";
  throw new TypeError(
    cannot("read Arrow batch", rule, `${vector.data.length} deltas`, hint),
  );
}

/**
 * The type of a column's values.
 *
 * @param type The column's type.
 * @returns The type, or that of the values of a dictionary.
 */
export function valueType(type: DataType): DataType {
  return DataType.isDictionary(type) ? type.dictionary : type;
}

/**
 * Whether a type is numbers or lists of numbers.
 *
 * @param type The type.
 * @returns True if {@linkcode columnRows} reads it.
 */
export function isNumeric(type: DataType): boolean {
  const inner = innermost(type);
  return DataType.isFloat(inner) || DataType.isInt(inner) ||
    DataType.isBool(inner);
}

function innermost(type: DataType): DataType {
  return isList(type) ? innermost(type.children[0]!.type) : type;
}

/**
 * Whether a type is lists.
 *
 * @param type The type.
 * @returns True if it is lists of any kind.
 */
export function isList(type: DataType): boolean {
  return DataType.isList(type) || DataType.isLargeList(type) ||
    DataType.isFixedSizeList(type);
}

/**
 * Reads rows of numbers, or of lists of numbers.
 *
 * @param column The rows.
 * @param length Number of rows.
 * @param wanted Sizes of a row, null for any size; undefined for any shape.
 * @returns The values, and the errors of bad rows.
 */
export function columnRows(
  column: Indexed,
  length: number,
  wanted: readonly (number | null)[] | undefined,
): ColumnRows {
  const levels = levelsOf(column.data);
  const leaf = leafOf(levels.at(-1)!.data);
  const bad = new Map<number, string>();
  const ranges: (Range | undefined)[] = [];
  let sizes: readonly number[] | undefined;
  for (let row = 0; row < length; row++) {
    const at = column.indices?.[row] ?? row;
    const range = column.isValid(row) ? rangeOf(levels, at) : "null";
    const fitted = typeof range === "string"
      ? range
      : fittingSizes(range, wanted, sizes);
    if (typeof fitted === "string") {
      bad.set(row, fitted);
      ranges.push(undefined);
      continue;
    }
    const reason = leaf.faultIn(range as Range);
    if (reason === undefined) {
      sizes ??= fitted;
      ranges.push(range as Range);
    } else {
      bad.set(row, reason);
      ranges.push(undefined);
    }
  }
  if (sizes === undefined) return { array: undefined, bad };
  const width = sizes.reduce((product, size) => product * size, 1);
  const data = gathered(leaf.values, ranges, width);
  return { array: { data, shape: [length, ...sizes], dtype: leaf.dtype }, bad };
}

/** A level of nested lists, or the values of the innermost. */
interface Level {
  readonly data: Data;
  /** Start of each list; undefined if all have one size. */
  readonly offsets: ArrayLike<number> | undefined;
  readonly listSize: number;
}

/** The levels of a column, from outer lists to values. */
function levelsOf(data: Data): Level[] {
  const { type, valueOffsets } = data;
  const offsets = DataType.isLargeList(type)
    ? Float64Array.from(valueOffsets, Number)
    : DataType.isList(type)
    ? valueOffsets as Int32Array
    : undefined;
  const listSize = DataType.isFixedSizeList(type) ? type.listSize : 0;
  const level = { data, offsets, listSize };
  return isList(type) ? [level, ...levelsOf(data.children[0]!)] : [level];
}

/** The range of a row, or its error. */
function rangeOf(levels: readonly Level[], row: number): Range | string {
  let start = row;
  let end = row + 1;
  const sizes: number[] = [];
  for (let depth = 0; depth < levels.length - 1; depth++) {
    const { data, offsets, listSize } = levels[depth]!;
    if (depth > 0 && hasNull(data, start, end)) {
      return "a list with a null in it";
    }
    if (offsets === undefined) {
      start *= listSize;
      end *= listSize;
      sizes.push(listSize);
    } else if (end === start) {
      [start, end] = [0, 0];
      sizes.push(0);
    } else {
      const size = offsets[start + 1]! - offsets[start]!;
      for (let i = start + 1; i < end; i++) {
        if (offsets[i + 1]! - offsets[i]! !== size) return "a ragged list";
      }
      [start, end] = [offsets[start]!, offsets[end]!];
      sizes.push(size);
    }
  }
  return { start, end, sizes };
}

function hasNull(data: Data, start: number, end: number): boolean {
  if (data.nullCount === 0) return false;
  for (let i = start; i < end; i++) if (!data.getValid(i)) return true;
  return false;
}

/**
 * The sizes of a row, or its error. A flat list can have any shape with the
 * same number of values; nested lists can differ in axes of size 1.
 */
function fittingSizes(
  { sizes, start, end }: Range,
  wanted: readonly (number | null)[] | undefined,
  others: readonly number[] | undefined,
): readonly number[] | string {
  const count = end - start;
  const fitted = wanted === undefined || matches(sizes, wanted)
    ? sizes
    : sizes.length <= 1 || canReshape(sizes, wanted as readonly number[])
    ? reshaped(count, wanted)
    : undefined;
  if (fitted === undefined) {
    return sizes.length === 0 ? "a number" : `a list of ${shapeText(sizes)}`;
  }
  if (others === undefined || matches(fitted, others)) return fitted;
  return `${shapeText(fitted)}, but ${shapeText(others)} in rows before`;
}

function matches(
  sizes: readonly number[],
  wanted: readonly (number | null)[],
): boolean {
  return sizes.length === wanted.length &&
    sizes.every((size, i) => wanted[i] === null || wanted[i] === size);
}

function reshaped(
  count: number,
  wanted: readonly (number | null)[],
): readonly number[] | undefined {
  const known = wanted.reduce<number>((size, next) => size * (next ?? 1), 1);
  const open = wanted.filter((size) => size === null).length;
  const rest = count / known;
  if (open > 1 || !Number.isInteger(rest) || (open === 0 && rest !== 1)) {
    return undefined;
  }
  return wanted.map((size) => size ?? rest);
}

// ---- values ----

interface Leaf {
  readonly values: FeedData;
  readonly dtype: DType;
  faultIn(range: Range): string | undefined;
}

function leafOf(data: Data): Leaf {
  const { values, dtype, inexact } = valuesOf(data);
  return {
    values,
    dtype,
    faultIn({ start, end }) {
      if (hasNull(data, start, end)) return "a list with a null in it";
      if (inexact === undefined) return undefined;
      for (let i = start; i < end; i++) {
        if (inexact(i)) return `${data.values[i]}, which is above 2^53`;
      }
      return undefined;
    },
  };
}

/**
 * Converts values to a supported type, and reports those that are not exact.
 */
function valuesOf(data: Data): {
  readonly values: FeedData;
  readonly dtype: DType;
  readonly inexact?: (index: number) => boolean;
} {
  const { type, length } = data;
  const found = data.values;
  if (DataType.isBool(type)) {
    const bits = Uint8Array.from(
      { length },
      (_, i) => (found[(data.offset + i) >> 3]! >> ((data.offset + i) & 7)) & 1,
    );
    return { values: bits, dtype: "bool" };
  }
  if (DataType.isFloat(type)) {
    if (type.precision === Precision.SINGLE) {
      return { values: found, dtype: "float32" };
    }
    if (type.precision === Precision.DOUBLE) {
      return { values: found, dtype: "float64" };
    }
    const { buffer, byteOffset } = found;
    const halves = new Float16Array(buffer, byteOffset, found.length);
    return { values: halves, dtype: "float16" };
  }
  if (found instanceof Uint8Array) return { values: found, dtype: "uint8" };
  if (found instanceof BigInt64Array) return { values: found, dtype: "int64" };
  if (found instanceof Uint32Array || found instanceof BigUint64Array) {
    const values = Float64Array.from(found as ArrayLike<unknown>, Number);
    const inexact = (i: number) => values[i]! > Number.MAX_SAFE_INTEGER;
    return { values, dtype: "float64", inexact };
  }
  return { values: Int32Array.from(found), dtype: "int32" };
}

function gathered(
  values: FeedData,
  ranges: readonly (Range | undefined)[],
  width: number,
): FeedData {
  const first = ranges[0]?.start ?? 0;
  if (ranges.every((range, i) => range?.start === first + i * width)) {
    return values.subarray(first, first + ranges.length * width);
  }
  const Kind = values.constructor as new (length: number) => FeedData;
  const data = new Kind(ranges.length * width);
  ranges.forEach((range, i) => {
    if (range === undefined) return;
    data.set(values.subarray(range.start, range.end) as never, i * width);
  });
  return data;
}
