/**
 * Columns of data in any store: NumPy files, tables, Arrow.
 *
 * A store lists its columns and reads some of them in blocks of any size; this
 * module splits blocks into batches.
 *
 * @module
 */
import { cannot, quote, sizeOf } from "../check.ts";
import type { DType } from "../types.ts";

/** Values of numbers. */
export type NumberData =
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | Float16Array
  | Uint8Array;

/** Numbers of some rows, with equal shapes. */
export interface NumberColumn {
  readonly kind: "numbers";
  /** `rows · sizeOf(shape)` values. */
  readonly data: NumberData;
  /** Shape of a row, `[]` for one number. */
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Strings of some rows. */
export interface TextColumn {
  readonly kind: "strings";
  readonly values: readonly string[];
}

/** Image files of some rows. */
export interface ImageColumn {
  readonly kind: "images";
  /** The bytes of each, or the error of a row without an image. */
  readonly values: readonly (Uint8Array | TypeError)[];
  /** Their names, if known. */
  readonly names: readonly (string | undefined)[];
}

/** Some rows of a column. */
export type Column = NumberColumn | TextColumn | ImageColumn;

/** Some rows of some columns. */
export interface Block {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

/** Facts about a column. */
export interface ColumnInfo {
  readonly name: string;
  readonly kind: "numbers" | "strings" | "images" | "other";
  /** The store's name of its type. */
  readonly type: string;
  /**
   * For other kinds: whether its values can be converted to strings, as labels
   * and ids.
   */
  readonly isWritten?: boolean;
  /** Shape of a row, if known and equal for all. */
  readonly shape?: readonly number[] | undefined;
}

/** A store of columns. */
export interface ColumnStore {
  readonly columns: readonly ColumnInfo[];
  /** The number of rows. */
  readonly count: number;
  /** Names of the classes of a column, if the store has them. */
  classNames(column: string): readonly string[] | undefined;
  /**
   * Reads columns.
   *
   * @param names Their names.
   * @param start The first row, or index into `rows`.
   * @param rows Row indices, in order; default: all.
   */
  read(
    names: readonly string[],
    start: number,
    rows?: Uint32Array,
  ): AsyncIterable<Block>;
  /** The first rows, for display: including nulls and other types. */
  head(count: number): Promise<readonly Cells[]>;
  /** Closes the store. */
  close(): void;
}

/** A row for display. */
export type Cells = readonly (string | number | null)[];

/**
 * Splits blocks into batches.
 *
 * @param blocks Blocks of any size.
 * @param size Rows per batch; the last may have fewer.
 * @returns The batches; those of one block share its memory.
 */
export async function* rebatch(
  blocks: AsyncIterable<Block>,
  size: number,
): AsyncGenerator<Block> {
  let held: Block[] = [];
  let count = 0;
  for await (const block of blocks) {
    let start = 0;
    while (count + block.rows - start >= size) {
      const end = start + size - count;
      yield joined([...held, sliced(block, start, end)]);
      [held, count, start] = [[], 0, end];
    }
    if (start < block.rows) {
      held.push(sliced(block, start, block.rows));
      count += block.rows - start;
    }
  }
  if (count > 0) yield joined(held);
}

function sliced(block: Block, start: number, end: number): Block {
  if (start === 0 && end === block.rows) return block;
  const columns = new Map<string, Column>();
  for (const [name, column] of block.columns) {
    columns.set(name, slicedColumn(column, start, end));
  }
  return { rows: end - start, columns };
}

function slicedColumn(column: Column, start: number, end: number): Column {
  if (column.kind === "numbers") {
    const width = sizeOf(column.shape);
    const data = column.data.subarray(start * width, end * width);
    return { ...column, data };
  }
  if (column.kind === "strings") {
    return { ...column, values: column.values.slice(start, end) };
  }
  return {
    ...column,
    values: column.values.slice(start, end),
    names: column.names.slice(start, end),
  };
}

/**
 * Some rows of a block.
 *
 * @param block The block.
 * @param rows Their numbers in it, one or more.
 * @returns A block of these.
 */
export function pickedBlock(block: Block, rows: readonly number[]): Block {
  return joined(rows.map((row) => sliced(block, row, row + 1)));
}

/**
 * Joins several blocks.
 *
 * @param blocks Blocks of the same columns, one or more.
 * @returns All their rows.
 */
export function joined(blocks: readonly Block[]): Block {
  const [first] = blocks;
  if (blocks.length === 1) return first!;
  const columns = new Map<string, Column>();
  for (const name of first!.columns.keys()) {
    const parts = blocks.map((block) => block.columns.get(name)!);
    columns.set(name, joinedColumn(name, parts));
  }
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  return { rows, columns };
}

/**
 * One column of several parts of one.
 *
 * @param name Its name.
 * @param parts The parts, one or more.
 * @returns The column.
 * @throws {TypeError} If they have several shapes.
 */
export function joinedColumn(name: string, parts: readonly Column[]): Column {
  const [first] = parts;
  if (first!.kind === "numbers") {
    return joinedNumbers(name, parts as readonly NumberColumn[]);
  }
  if (first!.kind === "strings") {
    const values = (parts as readonly TextColumn[]).flatMap((p) => p.values);
    return { kind: "strings", values };
  }
  const images = parts as readonly ImageColumn[];
  return {
    kind: "images",
    values: images.flatMap(({ values }) => values),
    names: images.flatMap(({ names }) => names),
  };
}

function joinedNumbers(
  name: string,
  parts: readonly NumberColumn[],
): NumberColumn {
  const { data, shape, dtype } = parts[0]!;
  for (const part of parts) {
    if (String(part.shape) !== String(shape)) {
      throw ragged(name, shape, part.shape);
    }
  }
  const length = parts.reduce((sum, part) => sum + part.data.length, 0);
  const Values = data.constructor as new (length: number) => Float32Array;
  const all = new Values(length);
  let at = 0;
  for (const part of parts) {
    all.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { kind: "numbers", data: all, shape, dtype };
}

/**
 * Creates the error for lists of different lengths.
 *
 * @param name The column.
 * @param wanted The shape of earlier rows.
 * @param found The shape of this row.
 * @param row Its index.
 * @returns The error.
 */
export function ragged(
  name: string,
  wanted: readonly number[],
  found: readonly number[],
  row?: number,
): TypeError {
  const rule = `every row of column ${quote(name)} must hold lists of ` +
    `the same length, ${quote([...wanted])}`;
  const hint = row === undefined ? undefined : `it is in row ${row}`;
  return new TypeError(cannot("read table", rule, [...found], hint));
}

/**
 * Reads a whole column.
 *
 * @param store The store.
 * @param name The column.
 * @returns Its values.
 */
export async function wholeColumn(
  store: ColumnStore,
  name: string,
): Promise<Column> {
  const blocks: Block[] = [];
  for await (const block of store.read([name], 0)) blocks.push(block);
  if (blocks.length > 0) return joined(blocks).columns.get(name)!;
  return { kind: "strings", values: [] };
}
