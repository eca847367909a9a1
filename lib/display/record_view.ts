/**
 * Views of plain objects: single values in a table, statistics of arrays of
 * numbers, and lists of records as tables.
 *
 * @module
 */
import { isPlainObject, quote } from "../check.ts";
import { type NamedArray, statisticsTable } from "./statistics_table.ts";
import type { Block, TableBlock, View } from "./view.ts";

type Record_ = Readonly<Record<string, unknown>>;

/** An array of numbers. */
export interface NumericArray {
  /** Its values. */
  readonly data: ArrayLike<number>;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Its element type. */
  readonly dtype: string;
}

/** Values of an array that are written out in a table. */
const MOST_SHORT = 8;

/**
 * Shows a list of records as one table.
 *
 * @param records The records; a column for each of their keys.
 * @param title The title above the table.
 * @returns The table.
 */
export function recordsTable(
  records: readonly Record_[],
  title?: string,
): TableBlock {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return {
    kind: "table",
    ...title !== undefined && { title },
    columns: names.map((name) => ({ name })),
    rows: records.map((record) => names.map((name) => cellOf(record[name]))),
  };
}

/**
 * Shows an object of single values, arrays of numbers, records and lists of
 * records.
 *
 * @param record The object.
 * @param numbersOf Converts arrays of numbers; undefined for other values.
 * @returns The view, or undefined if it holds something else.
 */
export function recordView(
  record: Record_,
  numbersOf: (value: unknown) => NumericArray | undefined,
): View | undefined {
  const single: [string, string | number | null][] = [];
  const arrays: NamedArray[] = [];
  const named: Record_[] = [];
  const lists: Block[] = [];
  for (const [name, value] of Object.entries(record)) {
    const numbers = numbersOf(value);
    if (isCell(value)) single.push([name, cellOf(value)]);
    else if (numbers !== undefined && isShort(numbers)) {
      single.push([name, `[${Array.from(numbers.data).join(", ")}]`]);
    } else if (numbers !== undefined) arrays.push({ name, ...numbers });
    else if (isFlat(value)) named.push({ name, ...value });
    else if (isRecordList(value) && value.every(isFlat)) {
      lists.push(recordsTable(value, name));
    } else return undefined;
  }
  const columns = [{ name: "name" }, { name: "value" }];
  const blocks: Block[] = [
    ...single.length > 0
      ? [{ kind: "table" as const, columns, rows: single }]
      : [],
    ...named.length > 0 ? [recordsTable(named)] : [],
    ...arrays.length > 0
      ? statisticsTable(
        "array",
        arrays,
        (name) => `await show(x[${quote(name)}]) shows one.`,
      )
      : [],
    ...lists,
  ];
  return { title: "", blocks };
}

/**
 * Whether a value is a plain object with at least one key.
 *
 * @param x Anything.
 * @returns True if so.
 */
export function isRecord(x: unknown): x is Record_ {
  return isPlainObject(x) && Object.keys(x).length > 0;
}

/**
 * Whether a value is a list of records.
 *
 * @param x Anything.
 * @returns True if so; false for an empty list.
 */
export function isRecordList(x: unknown): x is readonly Record_[] {
  return Array.isArray(x) && x.length > 0 && x.every(isRecord);
}

function isShort({ data, shape }: NumericArray): boolean {
  return shape.length === 1 && data.length <= MOST_SHORT;
}

function isFlat(x: unknown): x is Record_ {
  return isRecord(x) && Object.values(x).every(isCell);
}

function isCell(value: unknown): boolean {
  return value === null || typeof value !== "object" &&
      typeof value !== "function" && typeof value !== "symbol";
}

function cellOf(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  return Deno.inspect(value, {
    colors: false,
    depth: 1,
    breakLength: Infinity,
  });
}
