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
import { tensorShape } from "./tensor_shape.ts";
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
      readonly metadata?: ReadonlyMap<string, string>;
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
    open: () => arrowStore(table),
  });
}

function isTable(value: unknown): value is ArrowTable {
  return isObject(value) && typeof value.numRows === "number" &&
    isObject(value.schema) && Array.isArray(value.schema.fields) &&
    typeof value.getChild === "function";
}

async function arrowStore(table: ArrowTable): Promise<ColumnStore> {
  const { classLabelNames } = await import("./_hugging_face.ts");
  const columns = table.schema.fields.map(({ name, type, metadata }) => {
    const info = infoOf(name, String(type));
    const shape = tensorShape(name, metadata, ACTION);
    return shape === undefined ? info : { ...info, shape };
  });
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
    classNames(column) {
      const text = table.schema.metadata?.get("huggingface");
      return text === undefined
        ? undefined
        : classLabelNames(text, column, "the table");
    },
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
  const values = valuesOf(type);
  const item = itemOf(values);
  if (NUMBERS.some(([pattern]) => pattern.test(values))) {
    return { name, kind: "numbers", type, shape: [] };
  }
  if (/List/.test(values) && NUMBERS.some(([pattern]) => pattern.test(item))) {
    const sizes = [...values.matchAll(/List(?:\[(\d+)\])?</g)];
    const shape = sizes.every(([, size]) => size !== undefined)
      ? sizes.map(([, size]) => Number(size))
      : undefined;
    return { name, kind: "numbers", type, shape };
  }
  if (STRINGS.test(values)) return { name, kind: "strings", type };
  const isImages = BYTES.test(values) || isImageStruct(values);
  return { name, kind: isImages ? "images" : "other", type };
}

const STRINGS = /^((Large)?Utf8|Utf8View)$/;
const BYTES = /^((Large)?Binary|BinaryView)$/;

/** Whether a type is a struct of the bytes and the path of an image. */
function isImageStruct(type: string): boolean {
  const [, text = ""] = /^Struct<\{(.*)\}>$/.exec(type) ?? [];
  const fields = new Map(
    text.split(", ").map((field) => field.split(":") as [string, string]),
  );
  return fields.size === 2 && BYTES.test(fields.get("bytes") ?? "") &&
    STRINGS.test(fields.get("path") ?? "");
}

/** The type of the values of a dictionary, or the type itself. */
function valuesOf(type: string): string {
  return type.replace(/^Dictionary<[^,]*, (.*)>$/, "$1");
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
  const values = Array.from({ length: count }, (_, i) => vector.get(rowOf(i)));
  if (info.kind === "images") return imagesOf(info, values, rowOf);
  const row = values.findIndex((value) => (value ?? null) === null);
  if (row >= 0) throw missing(info.name, rowOf(row));
  if (info.kind === "numbers") return numbersOf(info, values, rowOf);
  return { kind: "strings", values: values.map(String) };
}

function imagesOf(
  { name }: ColumnInfo,
  values: readonly unknown[],
  rowOf: (i: number) => number,
): Column {
  const parts = values.map((value, i) => {
    const { bytes, path } = value instanceof Uint8Array
      ? { bytes: value, path: undefined }
      : Object(value) as { bytes?: unknown; path?: unknown };
    return {
      bytes: bytes instanceof Uint8Array ? bytes : missing(name, rowOf(i)),
      path: typeof path === "string" ? path : undefined,
    };
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
  const item = itemOf(valuesOf(type));
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
