/**
 * Blank lines at the start of CSV files: DuckDB takes the first line, even
 * if it is blank, as the names of the columns, and reads the names as values.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import { fileLiteral } from "../formats/duckdb.ts";

/**
 * The number of blank lines at the start of a CSV file.
 *
 * @param file The file, of text or gzip.
 * @returns The number, within the first block that the file gives.
 */
export async function blankLines(file: string): Promise<number> {
  const { readable } = await Deno.open(file);
  const bytes = /\.gz$/i.test(file)
    ? readable.pipeThrough(new DecompressionStream("gzip"))
    : readable;
  const reader = bytes.getReader();
  try {
    const { value } = await reader.read();
    const text = new TextDecoder().decode(value); // without a byte order mark
    const [blank] = /^(?: *(?:\r\n|\n|\r))*/.exec(text)!;
    return blank.match(/\r\n|\n|\r/g)?.length ?? 0;
  } catch (error) {
    if (error instanceof TypeError) return 0; // no gzip, as DuckDB reports
    throw error;
  } finally {
    await reader.cancel().catch(() => {}); // it fails as the read did
  }
}

/**
 * Refuses CSV files that begin with blank lines.
 *
 * @param files The files.
 * @param action The action, for messages.
 * @throws {SyntaxError} If one does.
 */
export async function checkFirstLines(
  files: readonly string[],
  action: string,
): Promise<void> {
  for (const file of files) {
    const count = await blankLines(file);
    if (count === 0) continue;
    const rule = `${quote(file)} must begin with the names of its columns`;
    const found = count === 1 ? "a blank line" : `${count} blank lines`;
    const hint = `delete ${count === 1 ? "it" : "them"}, or pass query() ` +
      `SELECT * FROM read_csv(${fileLiteral(file)}, sample_size = -1, ` +
      `skip = ${count})`;
    throw new SyntaxError(cannot(action, rule, found, hint));
  }
}
