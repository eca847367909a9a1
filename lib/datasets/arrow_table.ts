/**
 * `arrowTable`: tables and record batches of Apache Arrow in memory.
 *
 * They are recognised by their methods, so that tables of any version of
 * `apache-arrow` are accepted, and the package is not loaded.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import type { DataSource, DType } from "../types.ts";
import { ColumnSource } from "./_column_source.ts";
import { checkTableOptions, type TableOptions } from "./table_options.ts";
import {
  type Cells,
  type Column,
  type ColumnInfo,
  type ColumnStore,
  type NumberColumn,
  type NumberData,
  ragged,
} from "./_columns.ts";
import { isObject } from "./tensor_likes.ts";

/** The used members of an Arrow vector. */
interface ArrowVector {
  readonly length: number;
  readonly type: unknown;
  get(index: number): unknown;
}

/** The used members of a table or record batch. */
interface ArrowTable {
  readonly numRows: number;
  readonly schema: {
    readonly fields: readonly {
      readonly name: string;
      readonly type: unknown;
    }[];
    readonly metadata?: ReadonlyMap<string, string>;
  };
  getChild(name: string): ArrowVector | null;
}

const ACTION = "read arrow table";
const ROWS = 1024; // rows per block

/**
 * Reads a table or a record batch of Apache Arrow that is in memory: columns of
 * numbers, of lists of numbers, of strings, and of image files (`binary`, or
 * `struct<bytes, path>` as in Hugging Face).
 *
 * Nulls are refused, with their row. The table is not changed, and must not
 * change while it is read.
 *
 * @param table A `Table` or `RecordBatch` of the package `apache-arrow`.
 * @param options Columns, rows, images.
 * @returns A source; its classes are known after `prepare()`, which runs call.
 * @throws {TypeError} If it is not a table, or an option has the wrong type.
 * @throws {RangeError} If a value is out of range.
 *
 * @example Two columns as one input
 * ```ts
 * import { arrowTable } from "@sonde/sonde";
 * import { tableFromArrays } from "apache-arrow";
 * import assert from "node:assert/strict";
 *
 * const rows = arrowTable(
 *   tableFromArrays({
 *     height: Float32Array.of(1, 2, 3),
 *     width: Float32Array.of(4, 5, 6),
 *     kind: ["cat", "dog", "cat"],
 *   }),
 *   { inputs: ["height", "width"], labels: "kind" },
 * );
 * await rows.prepare?.();
 * assert.deepEqual(rows.classNames, ["cat", "dog"]);
 * ```
 *
 * @category Data
 */
export function arrowTable(
  table: unknown,
  options: TableOptions = {},
): DataSource {
  checkTableOptions(options, ACTION);
  if (!isTable(table)) {
    const rule = "it must be a Table or a RecordBatch of Apache Arrow";
    throw new TypeError(cannot(ACTION, rule, table));
  }
  return new ColumnSource({
    title: "arrowTable",
    action: ACTION,
    options,
    settings: null,
    open: () => Promise.resolve(arrowStore(table)),
  });
}

function isTable(value: unknown): value is ArrowTable {
  return isObject(value) && typeof value.numRows === "number" &&
    isObject(value.schema) && Array.isArray(value.schema.fields) &&
    typeof value.getChild === "function";
}

function arrowStore(table: ArrowTable): ColumnStore {
  const columns = table.schema.fields.map(({ name, type }) =>
    infoOf(name, String(type))
  );
  const cellOf = ({ name, kind, type }: ColumnInfo, row: number) => {
    const value = table.getChild(name)!.get(row);
    if (value === null) return null;
    return kind === "strings" || kind === "numbers" && typeof value !== "object"
      ? String(value)
      : type;
  };
  return {
    columns,
    count: table.numRows,
    classNames: (column) => huggingFaceNames(table, column),
    async *read(names, start, rows) {
      const total = rows?.length ?? table.numRows;
      for (let at = start; at < total; at += ROWS) {
        const count = Math.min(ROWS, total - at);
        const rowOf = (i: number) => rows?.[at + i] ?? at + i;
        const read = (name: string) => {
          const info = columns.find((column) => column.name === name)!;
          return columnOf(info, table.getChild(name)!, count, rowOf);
        };
        const block = new Map(names.map((name) => [name, read(name)]));
        yield await Promise.resolve({ rows: count, columns: block });
      }
    },
    head(count) {
      const length = Math.min(count, table.numRows);
      return Promise.resolve(Array.from(
        { length },
        (_, row): Cells => columns.map((column) => cellOf(column, row)),
      ));
    },
    close() {},
  };
}

/** Arrow's numeric types, and their element types. */
const NUMBERS: readonly [RegExp, DType][] = [
  [/^(Int(8|16|32)|Uint(8|16)|Bool)$/, "int32"],
  [/^(Int64|Uint(32|64))$/, "int64"],
  [/^Float(16|32)$/, "float32"],
  [/^Float64$/, "float64"],
  [/^Decimal\[.*\]$/, "float64"],
];

function infoOf(name: string, type: string): ColumnInfo {
  const item = itemOf(type);
  if (NUMBERS.some(([pattern]) => pattern.test(type))) {
    return { name, kind: "numbers", type, shape: [] };
  }
  if (/List/.test(type) && NUMBERS.some(([pattern]) => pattern.test(item))) {
    const sizes = [...type.matchAll(/List(?:\[(\d+)\])?</g)];
    const shape = sizes.every(([, size]) => size !== undefined)
      ? sizes.map(([, size]) => Number(size))
      : undefined;
    return { name, kind: "numbers", type, shape };
  }
  if (/^(Large)?Utf8$|^Dictionary<[^,]*, (Large)?Utf8>$/.test(type)) {
    return { name, kind: "strings", type };
  }
  if (
    /^(Large)?Binary$|^Struct<\{bytes:(Large)?Binary, path:(Large)?Utf8\}>$/
      .test(type)
  ) {
    return { name, kind: "images", type };
  }
  return { name, kind: "other", type };
}

/** The innermost type of lists, or the type itself. */
function itemOf(type: string): string {
  return type.replace(/^(.*(List(\[\d+\])?)<)+/, "").replace(/>+$/, "");
}

/**
 * Converts a decimal: an integer of 32-bit words, little-endian, divided by a
 * power of 10.
 */
function decimal(words: ArrayLike<number>, scale: number): number {
  let bits = 0n;
  for (let i = words.length - 1; i >= 0; i--) {
    bits = bits << 32n | BigInt(words[i]! >>> 0);
  }
  return Number(`${BigInt.asIntN(32 * words.length, bits)}e${-scale}`);
}

function columnOf(
  info: ColumnInfo,
  vector: ArrowVector,
  count: number,
  rowOf: (i: number) => number,
): Column {
  const values = Array.from({ length: count }, (_, i) => {
    const value = vector.get(rowOf(i));
    if (value !== null && value !== undefined) return value;
    throw missing(info.name, rowOf(i));
  });
  if (info.kind === "numbers") return numbersOf(info, values, rowOf);
  if (info.kind === "images") return imagesOf(info, values, rowOf);
  return { kind: "strings", values: values.map(String) };
}

function imagesOf(
  { name }: ColumnInfo,
  values: readonly unknown[],
  rowOf: (i: number) => number,
): Column {
  const parts = values.map((value, i) => {
    if (value instanceof Uint8Array) return { bytes: value, path: undefined };
    const { bytes, path } = value as { bytes: unknown; path: unknown };
    if (!(bytes instanceof Uint8Array)) throw missing(name, rowOf(i));
    return { bytes, path: typeof path === "string" ? path : undefined };
  });
  return {
    kind: "images",
    values: parts.map(({ bytes }) => bytes),
    names: parts.map(({ path }) => path),
  };
}

function numbersOf(
  { name, type }: ColumnInfo,
  values: readonly unknown[],
  rowOf: (i: number) => number,
): NumberColumn {
  const shape = shapeOf(values[0]);
  const flat: unknown[] = [];
  values.forEach((value, i) => {
    const found = flatten(value, flat);
    if (String(found) !== String(shape)) {
      throw ragged(name, shape, found, rowOf(i));
    }
    if (flat.includes(null, flat.length - Math.max(1, product(shape)))) {
      throw missing(name, rowOf(i));
    }
  });
  const item = itemOf(type);
  const [, dtype] = NUMBERS.find(([pattern]) => pattern.test(item))!;
  const scale = /^Decimal\[\d+e([+-]?\d+)\]$/.exec(item)?.[1];
  const all = scale === undefined
    ? flat
    : flat.map((words) => decimal(words as Uint32Array, Number(scale)));
  return { kind: "numbers", data: typed(all, dtype, name), shape, dtype };
}

function typed(
  flat: readonly unknown[],
  dtype: DType,
  name: string,
): NumberData {
  if (dtype === "int64") {
    return BigInt64Array.from(flat as bigint[], (value) => {
      const whole = BigInt(value);
      if (whole < 2n ** 63n) return whole;
      const rule = `column ${quote(name)} must fit int64`;
      throw new RangeError(cannot(ACTION, rule, whole));
    });
  }
  if (dtype === "int32") return Int32Array.from(flat, Number);
  return dtype === "float64"
    ? Float64Array.from(flat, Number)
    : Float32Array.from(flat, Number);
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function isVector(value: unknown): value is ArrowVector {
  return isObject(value) && typeof value.length === "number" &&
    typeof value.get === "function";
}

function shapeOf(value: unknown): number[] {
  return flatten(value, []);
}

/** Appends the numbers of nested lists; returns their shape. */
function flatten(value: unknown, into: unknown[]): number[] {
  if (!isVector(value)) {
    into.push(value);
    return [];
  }
  let inner: number[] | undefined;
  for (let i = 0; i < value.length; i++) {
    const shape = flatten(value.get(i), into);
    inner ??= shape;
    // Matches no shape, so the row is refused.
    if (String(shape) !== String(inner)) return [value.length, -1];
  }
  return [value.length, ...inner ?? []];
}

function missing(name: string, row: number): TypeError {
  const rule = `column ${quote(name)} must have a value in every row`;
  const hint = `it is in row ${row}`;
  return new TypeError(cannot(ACTION, rule, null, hint));
}

/** Names of classes in the metadata of Hugging Face's `datasets`. */
function huggingFaceNames(
  { schema }: ArrowTable,
  column: string,
): readonly string[] | undefined {
  const text = schema.metadata?.get("huggingface");
  if (text === undefined) return undefined;
  const names: unknown = JSON.parse(text)?.info?.features?.[column]?.names;
  return Array.isArray(names) && names.every((one) => typeof one === "string")
    ? names
    : undefined;
}
