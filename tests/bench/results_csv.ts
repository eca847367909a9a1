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
  /** Inputs a timing, ours and theirs, where passes were cut; else undefined. */
  readonly inputs?: string | undefined;
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
  "inputs",
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

/**
 * Reads lines of CSV, as they stand in a file of results.
 *
 * @param text The file.
 * @returns Its rows by column, without the header.
 */
export function csvRows(text: string): Record<string, string>[] {
  const [header, ...lines] = text.split("\n").filter((line) => line !== "");
  const columns = fieldsOf(header ?? "");
  return lines.map((line) => {
    const fields = fieldsOf(line);
    return Object.fromEntries(
      columns.map((name, i) => [name, fields[i] ?? ""]),
    );
  });
}

/**
 * Puts new lines in the place of old ones of the same benchmark and case.
 *
 * @param kept Lines that were there.
 * @param found Lines that were measured.
 * @returns The old ones in their order, then those that are new altogether.
 */
export function mergedLines(
  kept: readonly string[],
  found: readonly string[],
): string[] {
  const keyOf = (line: string) => fieldsOf(line).slice(0, 2).join("\n");
  const byKey = new Map([...kept, ...found].map((line) => [keyOf(line), line]));
  return [...byKey.values()];
}

function fieldsOf(line: string): string[] {
  const fields = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g);
  return [...fields].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"')
  );
}

function field(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
