/**
 * The columns of a DuckDB query.
 *
 * @module
 */
import type {
  DuckDBBlobVector,
  DuckDBDataChunk,
  DuckDBListVector,
  DuckDBVector,
} from "@duckdb/node-api";
import { cannot, quote } from "../check.ts";
import { identifier, type LockedDuckdb } from "../formats/duckdb.ts";
import { columnOf, type Read } from "./_duckdb_columns.ts";
import {
  type Block,
  type Cells,
  type Column,
  type ColumnStore,
  joined,
  type NumberColumn,
  type NumberData,
  pickedBlock,
  ragged,
} from "./_columns.ts";
import {
  isAscending,
  type ParquetSlices,
  slicesOf,
} from "./_parquet_slices.ts";

/** The query. */
export interface DuckdbQuery {
  /** The SQL after FROM. */
  readonly from: string;
  /** Names of the classes of the labels, if the files have them. */
  readonly classNames?: readonly string[] | undefined;
  /** Name of the data, for messages. */
  readonly name: string;
  /** How rows of large images are read. */
  readonly slices?: ParquetSlices | undefined;
}

/**
 * Opens the columns of a query.
 *
 * @param engine The engine; it is closed with the store.
 * @param query The query.
 * @returns The store.
 */
export async function duckdbStore(
  engine: LockedDuckdb,
  query: DuckdbQuery,
): Promise<ColumnStore> {
  const { names, types, chunks } = await engine.select(
    `SELECT * FROM ${query.from} LIMIT 0`,
  );
  await drain(chunks);
  const columns = names.map((name, i) => columnOf(name, types[i]!));
  let numTables = 0;
  return {
    columns,
    count: await numRows(engine, query),
    classNames: () => query.classNames,
    read(wanted, start, rows) {
      const reads = wanted.map((name) => columns.find((c) => c.name === name)!);
      return readSlices(engine, query, reads, start, rows) ??
        readBlocks(
          engine,
          query,
          reads,
          start,
          rows && {
            rows,
            table: `picked_${numTables++}`,
          },
        );
    },
    head: (rows) => firstCells(engine, query, columns, rows),
    close: () => engine.close(),
  };
}

async function numRows(
  engine: LockedDuckdb,
  { from }: DuckdbQuery,
): Promise<number> {
  const { chunks } = await engine.select(`SELECT count(*) FROM ${from}`);
  let count = 0;
  for await (const chunk of chunks) {
    count = Number(chunk.getColumnVector(0).getItem(0));
  }
  return count;
}

/** Reads rows from a start, or the picked ones by a join with their table. */
async function* readBlocks(
  engine: LockedDuckdb,
  { from, name }: DuckdbQuery,
  reads: readonly Read[],
  start: number,
  picked: { readonly rows: Uint32Array; readonly table: string } | undefined,
): AsyncGenerator<Block> {
  let source = `${from} OFFSET ${start}`;
  if (picked !== undefined) {
    const { rows, table } = picked;
    await engine.fillRows(table, rows.subarray(start));
    source = `(SELECT *, row_number() OVER () - 1 AS sonde_row ` +
      `FROM ${from}) JOIN ${table} ON sonde_row = sonde_picked ` +
      `ORDER BY sonde_position`;
  }
  const list = reads.flatMap(({ sql }) => sql).join(", ");
  const { chunks } = await engine.select(`SELECT ${list} FROM ${source}`);
  let row = start;
  for await (const chunk of chunks) {
    const first = row;
    row += chunk.rowCount;
    const rowAt = (i: number) => picked?.rows[first + i] ?? first + i;
    yield blockOf(chunk, reads, name, rowAt);
  }
}

/** The first rows as strings. */
async function firstCells(
  engine: LockedDuckdb,
  query: DuckdbQuery,
  columns: readonly Read[],
  rows: number,
): Promise<Cells[]> {
  const list = columns.map(({ name, kind, sql: [value] }) =>
    kind === "images"
      ? `octet_length(${value}) || ' bytes'`
      : `CAST(${identifier(name)} AS VARCHAR)`
  ).join(", ");
  const { slices } = query;
  const from = slices === undefined
    ? `${query.from} LIMIT ${rows}`
    : `${slices.from} WHERE ${slicesOf(slices, 0).next().value!.where} ` +
      `AND file_row_number < ${rows}`;
  const { chunks } = await engine.select(`SELECT ${list} FROM ${from}`);
  const found: Cells[] = [];
  for await (const chunk of chunks) {
    for (const row of chunk.getRows()) {
      found.push(row.map((value) => value === null ? null : String(value)));
    }
  }
  return found;
}

/** Reads large images in the order of the files, or a few in any order. */
function readSlices(
  engine: LockedDuckdb,
  query: DuckdbQuery,
  reads: readonly Read[],
  start: number,
  rows: Uint32Array | undefined,
): AsyncGenerator<Block> | undefined {
  const { slices } = query;
  const hasImages = reads.some(({ kind }) => kind === "images");
  if (slices === undefined || !hasImages) return undefined;
  if (isAscending(rows)) {
    return slicedBlocks(engine, query, slices, reads, start, rows);
  }
  const few = rows!.subarray(start);
  if (few.length === 0 || few.length > slices.step) return undefined;
  const sorted = Uint32Array.from(new Set(few)).sort();
  const read = slicedBlocks(engine, query, slices, reads, 0, sorted);
  return (async function* () {
    const blocks: Block[] = [];
    for await (const block of read) blocks.push(block);
    const order = Array.from(few, (row) => sorted.indexOf(row));
    yield pickedBlock(joined(blocks), order);
  })();
}

/** Blocks of slices, each of which is freed before the next is read. */
async function* slicedBlocks(
  engine: LockedDuckdb,
  { name }: DuckdbQuery,
  slices: ParquetSlices,
  reads: readonly Read[],
  start: number,
  rows: Uint32Array | undefined,
): AsyncGenerator<Block> {
  const list = [...reads.flatMap(({ sql }) => sql), "file_row_number"];
  for (const slice of slicesOf(slices, start, rows)) {
    const { chunks } = await engine.select(
      `SELECT ${list.join(", ")} FROM ${slices.from} WHERE ${slice.where}`,
    );
    let done = 0;
    for await (const chunk of chunks) {
      const numbers = chunk.getColumnVector(list.length - 1);
      const before = done;
      for (let i = 0; i < chunk.rowCount; i++, done++) {
        if (Number(numbers.getItem(i)) === slice.fileRow + done) continue;
        throw new Error("Cannot read slices as rows must come in order");
      }
      const block = blockOf(
        chunk,
        reads,
        name,
        (i) => slice.first + before + i,
      );
      const picks = slice.picks?.filter((i) => i >= before && i < done)
        .map((i) => i - before);
      if (picks === undefined) yield block;
      else if (picks.length > 0) yield pickedBlock(block, picks);
    }
  }
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of chunks);
}

function blockOf(
  chunk: DuckDBDataChunk,
  reads: readonly Read[],
  table: string,
  rowOf: (i: number) => number,
): Block {
  const columns = new Map<string, Column>();
  let index = 0;
  for (const read of reads) {
    const vector = chunk.getColumnVector(index++);
    const names = read.kind === "images"
      ? chunk.getColumnVector(index++)
      : undefined;
    columns.set(
      read.name,
      new ColumnReader(read, table, rowOf).read(vector, names, chunk.rowCount),
    );
  }
  return { rows: chunk.rowCount, columns };
}

class ColumnReader {
  readonly #info: Read;
  readonly #table: string;
  readonly #rowOf: (i: number) => number;

  constructor(info: Read, table: string, rowOf: (i: number) => number) {
    this.#info = info;
    this.#table = table;
    this.#rowOf = rowOf;
  }

  read(
    vector: DuckDBVector,
    names: DuckDBVector | undefined,
    rows: number,
  ): Column {
    if (this.#info.kind === "numbers") return this.#numbers(vector, rows);
    const at = Array.from({ length: rows }, (_, i) => i);
    if (names === undefined) {
      const values = at.map((i) => {
        const value = vector.getItem(i);
        if (value === null) throw this.#null(i);
        return value as string;
      });
      return { kind: "strings", values };
    }
    const blobs = vector as DuckDBBlobVector;
    return {
      kind: "images",
      // Copied: the engine owns the chunk's memory.
      values: at.map((i) => {
        const blob = blobs.getItem(i);
        return blob === null
          ? this.#null(i, names.getItem(i) !== null)
          : Uint8Array.from(blob.bytes);
      }),
      names: at.map((i) => names.getItem(i) as string | null ?? undefined),
    };
  }

  #null(i: number, hasPath = false): TypeError {
    const { name, kind, sql } = this.#info;
    const rule = `column ${quote(name)} must have a value in every row`;
    // A struct of nulls is not null itself.
    const value = kind === "images" ? sql[0] : identifier(name);
    const condition = `${value} IS NOT NULL`;
    const way = this.#table === "query"
      ? `WHERE ${condition} in the SQL`
      : `where: '${condition}'`;
    const files = hasPath
      ? "; pass the files to imageFolder() if all rows are paths"
      : "";
    const hint = `it is in row ${this.#rowOf(i)}; leave such rows out, as by ` +
      way + files;
    return new TypeError(cannot(`read ${this.#table}`, rule, null, hint));
  }

  #missing(i: number): TypeError {
    const rule = `lists of column ${quote(this.#info.name)} must have a ` +
      "number at every index";
    const hint = `it is in row ${this.#rowOf(i)}`;
    return new TypeError(cannot(`read ${this.#table}`, rule, null, hint));
  }

  /** Reads nested lists, whose lengths must be equal in every row. */
  #numbers(vector: DuckDBVector, rows: number): NumberColumn {
    let inner = vector;
    let [first, count] = [0, rows];
    const shape: number[] = [];
    let width = 1; // lists per row, at this depth
    while ("childVector" in inner) {
      const list = inner as DuckDBListVector;
      const length = list.getEntryLength(first);
      for (let k = 0; k < count; k++) {
        if (!isValid(list, first + k)) throw this.#null(Math.floor(k / width));
        if (list.getEntryLength(first + k) === length) continue;
        const found = [...shape, list.getEntryLength(first + k)];
        const row = this.#rowOf(Math.floor(k / width));
        throw ragged(this.#info.name, [...shape, length], found, row);
      }
      const start = list.getEntryOffset(first);
      for (let k = 0; k < count; k++) {
        if (list.getEntryOffset(first + k) !== start + k * length) {
          throw new Error(
            "Cannot read lists of DuckDB as they must lie in order",
          );
        }
      }
      shape.push(length);
      width *= length;
      [first, count] = [start, count * length];
      inner = list.childVector;
    }
    const { items } = inner as unknown as { items: NumberData };
    if (!allValid(inner)) {
      for (let k = 0; k < count; k++) {
        if (!isValid(inner, first + k)) {
          const row = Math.floor(k / width);
          throw shape.length === 0 ? this.#null(row) : this.#missing(row);
        }
      }
    }
    // Copied: the engine owns the chunk's memory.
    const data = items.slice(first, first + count);
    return { kind: "numbers", data, shape, dtype: this.#info.dtype! };
  }
}

function allValid(vector: DuckDBVector): boolean {
  const validity: unknown = Reflect.get(vector, "validity");
  return typeof validity === "object" && validity !== null &&
    Reflect.get(validity, "data") === null;
}

function isValid(vector: DuckDBVector, i: number): boolean {
  if (allValid(vector)) return true;
  const validity = Reflect.get(vector, "validity") as {
    itemValid(i: number): boolean;
  };
  return validity.itemValid(i);
}
