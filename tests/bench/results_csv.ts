/**
 * Rows of results as they are kept: one CSV file a machine.
 *
 * @module
 */

/** One comparison. */
export interface ResultRow {
  /** What was compared, as in "by_hand". */
  readonly benchmark: string;
  /** On what. */
  readonly case: string;
  /** What our code took or reached. */
  readonly ours: number;
  /** What the other code took or reached, or the amount that ours is held against. */
  readonly theirs: number;
  /** The unit of both. */
  readonly unit: string;
  /** Median of `ours / theirs` over pairs. */
  readonly ratio: number;
  /** Lower end of the ratio's 95 % interval; the ratio itself where there was one run. */
  readonly low: number;
  /** Upper end of the ratio's 95 % interval; the ratio itself where there was one run. */
  readonly high: number;
  /** How far our numbers are from theirs, relative; undefined where there are none. */
  readonly difference?: number | undefined;
  /** Threads of the backend; undefined where none ran. */
  readonly threads?: number | undefined;
  /** Versions of what ran. */
  readonly versions: string;
  /** Day of the measurement, as in "2026-01-31". */
  readonly date: string;
}

/** The columns, in their order. */
export const COLUMNS: readonly (keyof ResultRow)[] = [
  "benchmark",
  "case",
  "ours",
  "theirs",
  "unit",
  "ratio",
  "low",
  "high",
  "difference",
  "threads",
  "versions",
  "date",
];

/**
 * A row as a line of CSV, without its end.
 *
 * @param row The row.
 * @returns Its fields, numbers with four digits, texts in quotes where they need them.
 */
export function csvLine(row: ResultRow): string {
  return COLUMNS.map((column) => field(row[column])).join(",");
}

/**
 * Lines as a file.
 *
 * @param lines Lines of rows.
 * @returns The header and the lines.
 */
export function csvFile(lines: readonly string[]): string {
  return [COLUMNS.join(","), ...lines].map((line) => `${line}\n`).join("");
}

function field(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
