/**
 * SQL for reading table files in DuckDB, with column types that are valid for
 * every row.
 *
 * DuckDB infers the types of CSV and JSON files from their first 20,480 rows,
 * and rounds a later 1.5 to an integer, or converts a 5 to `true`. So types are
 * inferred from all rows, once for each state of the files: for 1,000,000 rows
 * of 9 numbers that takes 4 s, and reading them 1 s.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import {
  fileLiteral,
  identifier,
  literal,
  type LockedDuckdb,
} from "../formats/duckdb.ts";
import { statPath } from "../formats/file_path.ts";
import { blankLines, checkFirstLines } from "./_blank_lines.ts";
import { type ParquetSlices, parquetSlices } from "./_parquet_slices.ts";
import { type TableFormat, tableFormat } from "./table_files.ts";

/** Creates the SQL that reads some files. */
export class TableReader {
  readonly format: TableFormat;
  readonly #files: readonly string[];
  readonly #texts: readonly (string | undefined)[];
  #state: string | undefined;
  #sql: string | undefined;

  /**
   * Detects the format of the files.
   *
   * @param files The files, of one format.
   * @param texts Columns of labels and ids.
   * @throws {TypeError} If the format is not supported, or differs between
   * files.
   */
  constructor(
    files: readonly string[],
    texts: readonly (string | undefined)[],
  ) {
    this.format = tableFormat(files);
    this.#files = files;
    this.#texts = texts;
  }

  /**
   * Infers the types, unless they are known.
   *
   * @param engine The engine.
   * @returns The SQL after FROM.
   * @throws {SyntaxError} If the files are damaged.
   */
  async sql(engine: LockedDuckdb): Promise<string> {
    const state = JSON.stringify(this.#files.map((file) => {
      const { size, mtime } = statPath(file, "read table");
      return [size, mtime?.getTime()];
    }));
    if (state !== this.#state) {
      this.#sql = await this.#find(engine);
      this.#state = state;
    }
    return this.#sql!;
  }

  /**
   * Plans reading large images in slices.
   *
   * @param engine The engine.
   * @returns The slices; undefined if none are needed.
   */
  async slices(engine: LockedDuckdb): Promise<ParquetSlices | undefined> {
    if (this.format !== "parquet") return undefined;
    const { names } = await columnsOf(engine, await this.sql(engine));
    const added = ["filename", "file_row_number"];
    const isUsed = names.some((name) => added.includes(name.toLowerCase()));
    if (isUsed) return undefined;
    const options = added.map((name) => `${name} = true`);
    const from = readerSql("parquet", this.#files, options);
    return await parquetSlices(engine, this.#files, from);
  }

  async #find(engine: LockedDuckdb): Promise<string> {
    const { format } = this;
    if (format === "parquet") {
      await checkDecimals(engine, this.#files, "read table");
      return readerSql("parquet", this.#files);
    }
    const action = "read table";
    if (format === "csv") await checkFirstLines(this.#files, action);
    const whole = readerSql(format, this.#files, WHOLE[format]);
    const { names, types } = await columnsOf(engine, whole);
    if (format === "csv") {
      await checkHeader(engine, whole, names, this.#files[0]!, action);
    }
    const isText = (i: number) =>
      this.#texts.includes(names[i]!) && TEXTS[format].test(types[i]!);
    const wanted = types.map((type, i) => isText(i) ? "VARCHAR" : type);
    const folders = this.#files.flatMap((file) => hiveColumns(file));
    const typesOf = (isIncluded: (i: number) => boolean) =>
      names.flatMap((name, i) =>
        isIncluded(i) && !folders.includes(name)
          ? [`${identifier(name)}: ${literal(wanted[i]!)}`]
          : []
      ).join(", ");
    const option = format === "csv" ? "types" : "columns";
    const typed = readerSql(format, this.#files, [
      `${option} = {${typesOf(() => true)}}`,
      ...format === "csv" ? WHOLE.csv.slice(1) : [],
    ]);
    const same = await columnsOf(engine, typed).catch(() => undefined);
    const expected = JSON.stringify({ names, types: wanted });
    if (JSON.stringify(same) === expected) return typed;
    // Columns are only in some files: then types are inferred each time.
    const texts = format === "csv" ? typesOf(isText) : "";
    return texts === "" ? whole : readerSql(format, this.#files, [
      ...WHOLE[format],
      `types = {${texts}}`,
    ]);
  }
}

/** Types of labels and ids that are read as the text of the file. */
const TEXTS = {
  csv: /^(BOOLEAN|DATE|TIME|UUID|INTERVAL)/,
  json: /^(DATE|TIME|UUID|INTERVAL)/,
} as const;

/**
 * Refuses decimals that are longer than DuckDB supports, which it would change.
 */
async function checkDecimals(
  engine: LockedDuckdb,
  files: readonly string[],
  action: string,
): Promise<void> {
  const { chunks } = await engine.select(
    `SELECT name, precision FROM parquet_schema([${
      files.map(fileLiteral).join(", ")
    }]) WHERE precision > 38 LIMIT 1`,
  );
  for await (const chunk of chunks) {
    const [name, precision] = chunk.getRows()[0]!;
    const rule = `column ${quote(name)} must have at most 38 digits`;
    const hint = "write the file with another type, as float64";
    throw new TypeError(cannot(action, rule, Number(precision), hint));
  }
}

const WHOLE = {
  // Without "skip", leading rows with fewer values than others would be
  // dropped.
  // Without "comment", rows that begin with # could be dropped.
  csv: ["sample_size = -1", "skip = 0", "comment = ''"],
  json: ["sample_size = -1", "maximum_sample_files = 2147483647"],
} as const;

function readerSql(
  format: TableFormat,
  files: readonly string[],
  options: readonly string[] = [],
): string {
  const list = `[${files.map(fileLiteral).join(", ")}]`;
  const isHive = files.some((file) => hiveColumns(file).length > 0);
  const all = [
    list,
    `hive_partitioning = ${isHive}`,
    "union_by_name = true",
    ...options,
  ];
  return `read_${format}(${all.join(", ")})`;
}

/** Names in a path such as `split=train/year=2020/a.csv`. */
function hiveColumns(file: string): string[] {
  return file.split("/").slice(0, -1).flatMap((part) =>
    /^([^=]+)=/.exec(part)?.[1] ?? []
  );
}

async function columnsOf(engine: LockedDuckdb, from: string) {
  const { names, types, chunks } = await engine.select(
    `SELECT * FROM ${from} LIMIT 0`,
  );
  for await (const _chunk of chunks);
  return { names, types };
}

/**
 * Refuses rows of different lengths, which DuckDB reads as one column named as
 * the header, and headers that it reads as a row.
 *
 * @param engine The engine.
 * @param from The SQL that reads the files.
 * @param names The columns that were found.
 * @param file The first file.
 * @param action The action, for messages.
 */
async function checkHeader(
  engine: LockedDuckdb,
  from: string,
  names: readonly string[],
  file: string,
  action: string,
): Promise<void> {
  const [name] = names;
  if (names.length === 1 && name!.startsWith("#")) {
    const rule = `${quote(file)} must begin with the names of its columns`;
    const sql = `SELECT * FROM read_csv(${fileLiteral(file)}, ` +
      "sample_size = -1, comment = '#')";
    throw new SyntaxError(cannot(action, rule, name, `pass query() ${sql}`));
  }
  if (names.length === 1 && /[,;|\t]/.test(name!)) {
    const rule = "every row must have as many values as the header";
    const hint = `look for rows that have more or fewer in ${quote(file)}`;
    throw new SyntaxError(cannot(action, rule, name, hint));
  }
  // The names that DuckDB gives to columns without a header.
  const isNamed = names.some((name) => !/^column\d+$/.test(name));
  if (names.length < 2 || isNamed) return;
  const { chunks } = await engine.select(`SELECT * FROM ${from} LIMIT 1`);
  for await (const chunk of chunks) {
    const row = chunk.getRows()[0]!.map((value) =>
      value === null ? null : Number(value)
    );
    // pandas numbers columns without names, and leaves the index without one.
    const numbers = row[0] === null ? row.slice(1) : row;
    if (!numbers.every((value, i) => value === i)) return;
    const rule = `the first row of ${quote(file)} must be either names of ` +
      "columns or data";
    const sql =
      `SELECT * FROM read_csv(${fileLiteral(file)}, sample_size = -1, ` +
      "header = true)";
    const hint = `pass query() ${sql}, or header = false`;
    throw new SyntaxError(cannot(action, rule, row.slice(0, 4), hint));
  }
}

/**
 * Puts the files of patterns into SQL, as DuckDB may not look for files itself:
 * `FROM 'a/*.csv'` and `read_csv('a/*.csv')`.
 *
 * @param sql The SQL.
 * @param patterns Patterns, and the files that each has found.
 * @returns The SQL that names the files.
 */
export function withFiles(
  sql: string,
  patterns: ReadonlyMap<string, readonly string[]>,
): string {
  let text = sql;
  for (const [pattern, files] of patterns) {
    const list = `[${files.map(fileLiteral).join(", ")}]`;
    const quoted = literal(pattern);
    for (let at = text.indexOf(quoted); at >= 0;) {
      const before = text.slice(0, at);
      const isTable = /\b(FROM|JOIN)\s+$/i.test(before);
      const isCall = /\bread_\w+\s*\(\s*$/i.test(before);
      const put = isCall
        ? list
        : isTable
        ? readerSql(tableFormat(files), files, wholeOptions(files))
        : quoted;
      text = before + put + text.slice(at + quoted.length);
      at = text.indexOf(quoted, at + put.length);
    }
  }
  return text;
}

function wholeOptions(files: readonly string[]): readonly string[] {
  const format = tableFormat(files);
  return format === "parquet" ? [] : WHOLE[format];
}

/** Options with which no type is inferred from the first rows alone. */
const ALL_ROWS =
  /\b(sample_size\s*(=|:=|=>)\s*-1|(all_varchar|columns)\s*(=|:=|=>))/i;

/**
 * Splits SQL into the calls that read files with such options, and the rest.
 */
function splitCalls(sql: string): { readonly calls: string; rest: string } {
  let [calls, rest, at] = ["", "", 0];
  for (const { index, 0: { length } } of sql.matchAll(/\bread_\w+\s*\(/gi)) {
    if (index < at) continue; // within a call
    const end = endOfCall(sql, index + length);
    const call = sql.slice(index, end);
    rest += sql.slice(at, index);
    if (ALL_ROWS.test(call)) calls += call;
    else rest += call;
    at = end;
  }
  return { calls, rest: rest + sql.slice(at) };
}

/** Where the parenthesis closes that was opened before a position. */
function endOfCall(sql: string, start: number): number {
  let depth = 1;
  for (let at = start; at < sql.length; at++) {
    const mark = sql[at]!;
    if (mark === "'" || mark === '"') {
      const end = sql.indexOf(mark, at + 1);
      at = end < 0 ? sql.length : end;
    } else if (mark === "(") depth++;
    else if (mark === ")" && --depth === 0) return at + 1;
  }
  return sql.length;
}

/**
 * Checks that SQL that names CSV and JSON files reads them with types that are
 * valid for every row.
 *
 * @param engine The engine.
 * @param sql The SQL.
 * @param files The files that it may read.
 * @throws {TypeError} If a type is valid for the first rows only.
 * @throws {SyntaxError} If a header may be a row.
 */
export async function checkTableTypes(
  engine: LockedDuckdb,
  sql: string,
  files: readonly string[],
): Promise<void> {
  const action = "read query";
  const parquet = files.filter((file) => /\.(parquet|pq)$/i.test(file));
  if (parquet.length > 0) await checkDecimals(engine, parquet, action);
  const { calls, rest } = splitCalls(sql);
  for (const file of files) {
    if (!/\.(csv|tsv|txt|jsonl|ndjson|json)(\.gz)?$/i.test(file)) continue;
    const quoted = fileLiteral(file);
    if (calls.includes(quoted) && !rest.includes(quoted)) continue;
    const format = tableFormat([file]) as keyof typeof WHOLE;
    const first = await columnsOf(engine, quoted).catch(() => undefined);
    if (first === undefined) continue; // DuckDB reports the error when the SQL reads it
    const skip = format === "csv" ? await blankLines(file) : 0;
    const options = WHOLE[format].map((option) =>
      option.replace("skip = 0", `skip = ${skip}`)
    );
    const from = `read_${format}(${quoted}, ${options.join(", ")})`;
    const all = await columnsOf(engine, from);
    if (format === "csv") {
      await checkHeader(engine, from, all.names, file, action);
    }
    const at = all.names.findIndex((name, i) =>
      name !== first.names[i] || all.types[i] !== first.types[i]
    );
    if (at < 0) continue;
    const rule = `column ${quote(all.names[at])} of ${quote(file)} must have ` +
      "one type in all rows";
    const value = `${first.types[at]} in the first, ${all.types[at]} in all`;
    const advised = format === "csv" ? options.join(", ") : options[0];
    const hint = `write read_${format}(${quoted}, ${advised})`;
    throw new TypeError(cannot(action, rule, value, hint));
  }
}

const VOLATILE =
  /\b(random|uuid|uuidv[47]|gen_random_uuid|setseed|nextval)"?\s*\(|\b(USING\s+SAMPLE|TABLESAMPLE)\b/i;

/**
 * Checks that SQL gives the same rows each time: labels, batches and runs that
 * are resumed are read one after the other.
 *
 * @param sql The SQL.
 * @param action Description of the operation, for error messages.
 * @throws {TypeError} If it draws at random.
 */
export function checkRepeatable(sql: string, action: string): void {
  // Without comments, and quotes other than those of a function's name.
  const bare = sql.replace(
    /'[^']*'|"[^"]*"(\s*\()?|--.*|\/\*[^]*?\*\//g,
    (token, call?: string) => call === undefined ? " " : token,
  );
  const found = VOLATILE.exec(bare)?.[0];
  if (found === undefined) return;
  const rule = "its SQL must give the same rows each time";
  const hint = "use the options shuffle: { seed }, limit or split instead";
  throw new TypeError(
    cannot(action, rule, found.replace(/"?\s*\($/, "()"), hint),
  );
}
