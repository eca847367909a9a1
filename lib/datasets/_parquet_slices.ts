/**
 * Reads rows of Parquet files with large images in slices.
 *
 * DuckDB returns 2,048 rows at once: with images of 200 kB these are 0.4 GB, and
 * twice as much while they are copied. A slice is a range of rows of a file, so that
 * only its row groups are read. Measured: 3,000 PNG of 197 kB in row groups of
 * 100 rows take 1.6 s and 0.37 GB, in one group 5 s and 0.5 GB; without slices
 * 1.5 to 2.1 s and 1.2 to 1.5 GB.
 *
 * @module
 */
import { fileLiteral, literal, type LockedDuckdb } from "../formats/duckdb.ts";

/** Maximum number of bytes of a slice, if rows have equal sizes. */
const SLICE_BYTES = 2 ** 26;
/** Number of rows that DuckDB returns at once. */
const CHUNK_ROWS = 2048;

/** The slices of some files. */
export interface ParquetSlices {
  /** Number of rows of a slice. */
  readonly step: number;
  /** The SQL after FROM, with columns `filename` and `file_row_number`. */
  readonly from: string;
  /** The files in order, and the number of rows of each. */
  readonly files: readonly { readonly name: string; readonly rows: number }[];
}

/** A range of rows of a file. */
export interface Slice {
  /** The SQL condition that selects them. */
  readonly where: string;
  /** Index of the first in its file. */
  readonly fileRow: number;
  /** Index of the first among all rows. */
  readonly first: number;
  /** Their number. */
  readonly rows: number;
  /** The requested ones, from 0; undefined for all. */
  readonly picks: readonly number[] | undefined;
}

/**
 * Plans reading files in slices.
 *
 * @param engine The engine.
 * @param files The files.
 * @param from The SQL that reads them, with the two further columns.
 * @returns The slices; undefined if rows are so small that none are needed, or
 * paths are not in the form of DuckDB.
 */
export async function parquetSlices(
  engine: LockedDuckdb,
  files: readonly string[],
  from: string,
): Promise<ParquetSlices | undefined> {
  const { chunks } = await engine.select(
    `SELECT file_name, num_rows FROM parquet_file_metadata([${
      files.map(fileLiteral).join(", ")
    }])`,
  );
  const counts = new Map<string, number>();
  for await (const chunk of chunks) {
    for (const [name, rows] of chunk.getRows()) {
      counts.set(String(name), Number(rows));
    }
  }
  // DuckDB may write the path of a file in another form, as without "./".
  if (files.some((name) => !counts.has(name))) return undefined;
  const listed = files.map((name) => ({ name, rows: counts.get(name)! }));
  const rows = listed.reduce((sum, file) => sum + file.rows, 0);
  const bytes = files.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
  const step = Math.max(1, Math.floor(SLICE_BYTES / (bytes / rows)));
  return step < CHUNK_ROWS ? { step, from, files: listed } : undefined;
}

/**
 * The slices that contain some rows.
 *
 * @param slices The slices of the files.
 * @param start The first row, or index into `picked`.
 * @param picked Row indices, ascending; default: all.
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
 * Whether rows are ascending, so that they can be read in the order of the file.
 *
 * @param rows Row indices.
 * @returns True if each is greater than the previous one.
 */
export function isAscending(rows: Uint32Array | undefined): boolean {
  return rows === undefined ||
    rows.every((row, i) => i === 0 || row > rows[i - 1]!);
}
