/**
 * Rows of Parquet files of large images, read a slice at a time.
 *
 * DuckDB gives 2,048 rows at once: of images of 200 kB that is 0.4 GB, twice as
 * they are copied. A slice names the rows of a file by their numbers, so that
 * only its row groups are read. Measured: 3,000 PNG of 197 kB in row groups of
 * 100 rows take 1.6 s and 0.37 GB, in one group 5 s and 0.5 GB; without slices
 * 1.5 to 2.1 s and 1.2 to 1.5 GB.
 *
 * @module
 */
import { literal, type LockedDuckdb } from "../formats/duckdb.ts";

/** Bytes of a slice, at most, where rows are of equal size. */
const SLICE_BYTES = 2 ** 26;
/** Rows that DuckDB gives at once. */
const CHUNK_ROWS = 2048;

/** How rows are read a slice at a time. */
export interface ParquetSlices {
  /** Rows of a slice. */
  readonly step: number;
  /** What stands after FROM, with columns `filename` and `file_row_number`. */
  readonly from: string;
  /** The files in their order, and the rows of each. */
  readonly files: readonly { readonly name: string; readonly rows: number }[];
}

/** Some rows of a file. */
export interface Slice {
  /** The condition that selects them. */
  readonly where: string;
  /** Number of the first in its file. */
  readonly fileRow: number;
  /** Number of the first among all rows. */
  readonly first: number;
  /** How many there are. */
  readonly rows: number;
  /** Which of them are wanted, from 0; undefined for all. */
  readonly picks: readonly number[] | undefined;
}

/**
 * Tells how files are read a slice at a time.
 *
 * @param engine The engine.
 * @param files The files.
 * @param from What reads them, with two more columns.
 * @returns Undefined if their rows are so small that it is not needed.
 */
export async function parquetSlices(
  engine: LockedDuckdb,
  files: readonly string[],
  from: string,
): Promise<ParquetSlices | undefined> {
  const { chunks } = await engine.select(
    `SELECT file_name, num_rows FROM parquet_file_metadata([${
      files.map(literal).join(", ")
    }])`,
  );
  const counts = new Map<string, number>();
  for await (const chunk of chunks) {
    for (const [name, rows] of chunk.getRows()) {
      counts.set(String(name), Number(rows));
    }
  }
  const listed = files.map((name) => ({ name, rows: counts.get(name) ?? 0 }));
  const rows = listed.reduce((sum, file) => sum + file.rows, 0);
  const bytes = files.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
  const step = Math.max(1, Math.floor(SLICE_BYTES / (bytes / rows)));
  return step < CHUNK_ROWS ? { step, from, files: listed } : undefined;
}

/**
 * The slices that hold some rows.
 *
 * @param slices How they are read.
 * @param start The first row; of `picked`, if these are set.
 * @param picked Rows that are wanted, in rising order; all by default.
 * @returns The slices, in order.
 */
export function* slicesOf(
  { step, files }: ParquetSlices,
  start: number,
  picked?: Uint32Array,
): Generator<Slice> {
  let [fileStart, at] = [0, start];
  for (const { name, rows } of files) {
    const from = picked === undefined ? Math.max(0, start - fileStart) : 0;
    for (let fileRow = from; fileRow < rows; fileRow += step) {
      const first = fileStart + fileRow;
      const count = Math.min(step, rows - fileRow);
      const picks: number[] = [];
      while (picked !== undefined && picked[at]! < first + count) {
        picks.push(picked[at++]! - first);
      }
      if (picked !== undefined && picks.length === 0) continue;
      const where = `filename = ${literal(name)} AND ` +
        `file_row_number BETWEEN ${fileRow} AND ${fileRow + count - 1}`;
      const wanted = picked === undefined ? undefined : picks;
      yield { where, fileRow, first, rows: count, picks: wanted };
    }
    fileStart += rows;
  }
}

/**
 * Whether rows rise, so that they can be read in the order of the file.
 *
 * @param rows Row numbers.
 * @returns Whether each is greater than the one before.
 */
export function isRising(rows: Uint32Array | undefined): boolean {
  return rows === undefined ||
    rows.every((row, i) => i === 0 || row > rows[i - 1]!);
}
