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
import type { DType, NdArray } from "../types.ts";

/** The range of a row in the values of its column. */
interface Range {
  readonly start: number;
  readonly end: number;
  /** Sizes of its lists, from outer to inner. */
  readonly sizes: readonly number[];
}

type Values =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

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
  readonly array: NdArray<Values> | undefined;
  /** Errors of bad rows, by row index. */
  readonly bad: ReadonlyMap<number, string>;
}

/**
 * Decodes a dictionary: rows become indices into its values.
 *
 * @param data A column of one batch.
 * @param name Its name, for messages.
 * @returns The values, with an index for each row.
 * @throws {SyntaxError} If an index is out of range.
 */
export function decoded(data: Data, name: string): Indexed {
  const isValid = (row: number) => data.nullCount === 0 || data.getValid(row);
  if (!DataType.isDictionary(data.type)) return { data, isValid };
  const dictionary = data.dictionary as Vector | undefined;
  const values = dictionary && oneChunk(dictionary);
  const indices = Int32Array.from(
    { length: data.length },
    (_, row) => isValid(row) ? Number(data.values[row]) : -1,
  );
  const size = values?.length ?? 0;
  const wrong = indices.findIndex((index, row) =>
    isValid(row) && !(index >= 0 && index < size)
  );
  if (wrong >= 0) {
    const rule = `indices of column "${name}" must be < ${size}, the size of ` +
      "its dictionary";
    throw new SyntaxError(cannot("read Arrow batch", rule, indices[wrong]));
  }
  if (values === undefined) return { data: data.clone(), indices, isValid };
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
  return DataType.isList(type) || DataType.isFixedSizeList(type)
    ? innermost(type.children[0]!.type)
    : type;
}

/**
 * Reads rows of numbers, or of lists of numbers.
 *
 * @param column The rows.
 * @param length Number of rows.
 * @param wanted Sizes of a row, null for any size; undefined for any shape.
 * @param name The column's name, for messages.
 * @returns The values, and the errors of bad rows.
 * @throws {SyntaxError} If the column's buffers are shorter than it says.
 */
export function columnRows(
  column: Indexed,
  length: number,
  wanted: readonly (number | null)[] | undefined,
  name: string,
): ColumnRows {
  const levels = levelsOf(column.data, name);
  const leaf = leafOf(levels.at(-1)!, name);
  const bad = new Map<number, string>();
  const ranges: (Range | undefined)[] = [];
  let sizes: readonly number[] | undefined;
  for (let row = 0; row < length; row++) {
    const at = column.indices?.[row] ?? row;
    const range = column.isValid(row) ? rangeOf(levels, at, name) : "null";
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

/** The column, and the lists in it, down to the values. */
function levelsOf(data: Data, name: string): Data[] {
  const levels = [data];
  for (;;) {
    const last: Data = levels.at(-1)!;
    const { type } = last;
    if (!DataType.isList(type) && !DataType.isFixedSizeList(type)) {
      return levels;
    }
    if (DataType.isList(type) && last.length > 0) {
      checkLength(last.valueOffsets.length, last.length + 1, name);
    }
    levels.push(last.children[0]!);
  }
}

function checkLength(found: number, wanted: number, name: string): void {
  if (found >= wanted) return;
  const rule = `column "${name}" must have ${wanted} values in its buffer`;
  throw new SyntaxError(
    cannot("read Arrow batch", rule, found, "is the stream damaged?"),
  );
}

/** The range of a row, or its error. */
function rangeOf(
  levels: readonly Data[],
  row: number,
  name: string,
): Range | string {
  let start = row;
  let end = row + 1;
  const sizes: number[] = [];
  for (let depth = 0; depth < levels.length - 1; depth++) {
    const { type, valueOffsets: offsets } = levels[depth]!;
    if (depth > 0 && hasNull(levels[depth]!, start, end)) {
      return "a list with a null in it";
    }
    const size = DataType.isFixedSizeList(type)
      ? type.listSize
      : end > start
      ? offsets[start + 1]! - offsets[start]!
      : 0;
    if (DataType.isFixedSizeList(type)) {
      start *= size;
      end *= size;
    } else {
      for (let i = start + 1; i < end; i++) {
        if (offsets[i + 1]! - offsets[i]! !== size) return "a ragged list";
      }
      const next: number = end > start ? offsets[end]! : 0;
      start = end > start ? offsets[start]! : 0;
      end = next;
    }
    sizes.push(size);
    if (size < 0 || start < 0) checkLength(-1, 0, name);
    checkLength(levels[depth + 1]!.length, end, name);
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
 * same number of values; nested lists must match the model.
 */
function fittingSizes(
  { sizes, start, end }: Range,
  wanted: readonly (number | null)[] | undefined,
  others: readonly number[] | undefined,
): readonly number[] | string {
  const count = end - start;
  const fitted = wanted === undefined || matches(sizes, wanted)
    ? sizes
    : sizes.length <= 1
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
  readonly values: Values;
  readonly dtype: DType;
  faultIn(range: Range): string | undefined;
}

function leafOf(data: Data, name: string): Leaf {
  const { values, dtype, inexact } = valuesOf(data, name);
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
function valuesOf(data: Data, name: string): {
  readonly values: Values;
  readonly dtype: DType;
  readonly inexact?: (index: number) => boolean;
} {
  const { type, length } = data;
  const found = data.values;
  if (DataType.isBool(type)) {
    checkLength(found.length * 8, length, name);
    const bits = Uint8Array.from(
      { length },
      (_, i) => (found[(data.offset + i) >> 3]! >> ((data.offset + i) & 7)) & 1,
    );
    return { values: bits, dtype: "bool" };
  }
  checkLength(found.length, length, name);
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
  values: Values,
  ranges: readonly (Range | undefined)[],
  width: number,
): Values {
  const first = ranges[0]?.start ?? 0;
  if (ranges.every((range, i) => range?.start === first + i * width)) {
    return values.subarray(first, first + ranges.length * width);
  }
  const Kind = values.constructor as new (length: number) => Values;
  const data = new Kind(ranges.length * width);
  ranges.forEach((range, i) => {
    if (range === undefined) return;
    data.set(values.subarray(range.start, range.end) as never, i * width);
  });
  return data;
}
