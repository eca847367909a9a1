/**
 * `table` and `query`: tables in files, read by DuckDB.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import type { LockedDuckdb } from "../formats/duckdb.ts";
import type { DataSource } from "../types.ts";
import { ColumnSource } from "./_column_source.ts";
import { checkTableOptions, type TableOptions } from "./table_options.ts";
import { tableFiles } from "./table_files.ts";
import {
  checkRepeatable,
  checkTableTypes,
  TableReader,
  withFiles,
} from "./_table_reader.ts";

/**
 * Options of {@linkcode table}.
 *
 * @category Data
 */
export interface TableFileOptions extends TableOptions {
  /** SQL condition that selects rows: `"split = 'train'"`. @default {all} */
  readonly where?: string;
  /** Order of the rows, as in SQL: `"score DESC, id"`. @default {that of the files} */
  readonly orderBy?: string;
}

/**
 * Options of {@linkcode query}.
 *
 * @category Data
 */
export interface QueryOptions extends TableOptions {
  /** Files that the query may read: paths and patterns. @default {none} */
  readonly files?: readonly string[];
}

/**
 * Reads tables: CSV and TSV, JSON lines and arrays of JSON, Parquet; several
 * files by patterns, hive folders (`split=train/…`), gzip.
 *
 * Columns can be numbers, lists of numbers, and image files as Hugging Face
 * stores them (`struct<bytes, path>`, or bytes), which are decoded as by
 * `imageFolder`. Class names come from Hugging Face's metadata, or are the
 * strings of the labels in sorted order. Only the columns that are needed are
 * read, and DuckDB applies `where` and `orderBy`. Rows of a shuffled table are sorted
 * in memory. Rows are read 2,048 at once, large images of Parquet files in slices
 * of 64 MB unless `where`, `orderBy` or `shuffle` is set.
 *
 * Types of CSV and JSON columns are valid for all rows: the files are read once
 * for them, which takes 4 s for 1,000,000 rows of 9 numbers.
 * The first row of a CSV file is its header if it differs from the others in
 * type; rows with more or fewer values than it are refused.
 *
 * DuckDB is loaded when the table is first read, and is restricted: it reads these
 * files only, has no network, loads no extensions and writes no file. It needs
 * the permission `--allow-ffi`.
 *
 * @param files A path, a pattern such as `"train/*.parquet"`, or several.
 * @param options Columns, rows, images.
 * @returns A source; its length and classes are known after `prepare()`, which
 * runs call. Shows itself with class counts and the first rows.
 * @throws {TypeError} If an option has the wrong type, or a file another format.
 * @throws {RangeError} If a pattern matches no file, or a value is out of range.
 * @throws {Deno.errors.NotFound} If a file does not exist.
 *
 * @example Features of rows of a CSV file
 * ```ts
 * import { FeatureExtractor, table, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 5, inputShape: [4] }),
 *     tf.layers.dense({ units: 3 }),
 *   ],
 * });
 * const flowers = table("tests/data/tables/flowers.csv", {
 *   labels: "species",
 *   where: "petal_width > 0.1",
 * });
 * const set = await new FeatureExtractor(model).layers([-2]).predict(flowers);
 * assert.deepEqual(set.classNames, ["setosa", "versicolor", "virginica"]);
 * ```
 *
 * @category Data
 */
export function table(
  files: string | URL | readonly string[],
  options: TableFileOptions = {},
): DataSource {
  const action = "read table";
  checkTableOptions(options, action, ["where", "orderBy"]);
  const { where, orderBy, ...columns } = options;
  checkSql(where, action, "where");
  checkSql(orderBy, action, "orderBy");
  const paths = tableFiles(files);
  const reader = new TableReader(paths, [options.labels, options.ids]);
  const name = paths.length === 1
    ? paths[0]!
    : `${files} (${paths.length} files)`;
  const condition = where === undefined ? "" : ` WHERE (${where}\n)`;
  const order = orderBy === undefined ? "" : ` ORDER BY ${orderBy}\n`;
  return new ColumnSource({
    title: `table "${name}"`,
    action,
    options: columns,
    settings: [where ?? null, orderBy ?? null],
    async open() {
      const { LockedDuckdb } = await import("../formats/duckdb.ts");
      const engine = await LockedDuckdb.open(
        paths,
        `table "${name}"`,
        orderBy !== undefined || /\bselect\b/i.test(where ?? ""),
      );
      const { duckdbStore } = await import("./_duckdb_store.ts");
      try {
        const { labels } = options;
        const classNames = reader.format === "parquet" && labels !== undefined
          ? await classesInFiles(engine, paths, labels)
          : undefined;
        const sql = await reader.sql(engine);
        const from = `(SELECT * FROM ${sql}${condition}${order})`;
        const isWhole = where === undefined && orderBy === undefined;
        const slices = isWhole ? await reader.slices(engine) : undefined;
        const parts = { from, classNames, name: "table", slices };
        return await duckdbStore(engine, parts);
      } catch (error) {
        engine.close();
        throw error;
      }
    },
  });
}

/**
 * Reads the rows of an SQL query, by DuckDB: joins, groups, other functions over
 * files.
 *
 * The SQL is one SELECT over the named files; SQL that writes, attaches, or reads
 * another file or a URL is refused. DuckDB is restricted as for {@linkcode table}.
 * The SQL can contain patterns of `files`: `FROM 'train/*.parquet'`.
 * DuckDB infers types of CSV and JSON columns from the first 20,480 rows; if
 * they are not valid for all, the query is refused, and the message says what to
 * write.
 *
 * @param sql The query, as `SELECT * FROM 'a.parquet' JOIN 'b.csv' USING (id)`.
 * @param options Files, columns, images.
 * @returns A source; its length and classes are known after `prepare()`, which
 * runs call.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a pattern matches no file, or a value is out of range.
 * @throws {Deno.errors.NotFound} If a file does not exist.
 *
 * @example The mean of each group
 * ```ts
 * import { query } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const means = query(
 *   `SELECT species, avg(petal_width) AS width
 *    FROM 'tests/data/tables/flowers.csv' GROUP BY species ORDER BY species`,
 *   { files: ["tests/data/tables/flowers.csv"], labels: "species" },
 * );
 * await means.prepare?.();
 * assert.equal(means.length, 3);
 * ```
 *
 * @category Data
 */
export function query(sql: string, options: QueryOptions = {}): DataSource {
  const action = "read query";
  checkTableOptions(options, action, ["files"]);
  const { files = [], ...columns } = options;
  if (typeof sql !== "string" || sql.trim() === "") {
    throw new TypeError(cannot(action, "its SQL must be a text", sql));
  }
  checkRepeatable(sql, action);
  if (!Array.isArray(files)) {
    const rule = '"files" must be an array of paths';
    throw new TypeError(cannot(action, rule, files));
  }
  const found = new Map(files.map((file) => [file, tableFiles(file, action)]));
  const paths = [...new Set([...found.values()].flat())];
  // Paths with marks of patterns too, as DuckDB looks for these.
  const patterns = new Map(
    [...found].filter(([file, [one]]) => file !== one || /[*?[]/.test(file)),
  );
  const body = withFiles(sql.trim().replace(/;$/, ""), patterns);
  const textFiles = [...patterns.values()].flat()
    .filter((file) => /\.(csv|tsv|txt)(\.gz)?$/i.test(file));
  let isChecked = false;
  return new ColumnSource({
    title: "query",
    action,
    options: columns,
    settings: [sql],
    async open() {
      const { LockedDuckdb } = await import("../formats/duckdb.ts");
      const engine = await LockedDuckdb.open(paths, "query", true);
      const { checkFirstLines } = await import("./_blank_lines.ts");
      const { duckdbStore } = await import("./_duckdb_store.ts");
      try {
        await engine.check(body);
        if (!isChecked) await checkFirstLines(textFiles, action);
        if (!isChecked) await checkTableTypes(engine, body, paths);
        isChecked = true;
        const from = `(${body}\n)`;
        return await duckdbStore(engine, { from, name: "query" });
      } catch (error) {
        engine.close();
        throw error;
      }
    },
  });
}

function checkSql(
  text: string | undefined,
  action: string,
  name: string,
): void {
  if (text === undefined) return;
  if (typeof text === "string" && text.trim() !== "") {
    checkRepeatable(text, action);
    return;
  }
  const rule = `"${name}" must be a text of SQL`;
  throw new TypeError(cannot(action, rule, text));
}

/**
 * Names of the classes of a column in Hugging Face's metadata.
 *
 * @throws {TypeError} If files have other names, or the same in another order,
 * so that their labels mean other classes.
 */
async function classesInFiles(
  engine: LockedDuckdb,
  files: readonly string[],
  column: string,
): Promise<readonly string[] | undefined> {
  const { fileLiteral } = await import("../formats/duckdb.ts");
  const { classLabelNames } = await import("./_hugging_face.ts");
  const { chunks } = await engine.select(
    `SELECT file_name, decode(value) FROM parquet_kv_metadata([${
      files.map(fileLiteral).join(", ")
    }]) WHERE key = 'huggingface'::BLOB`,
  );
  let first: { readonly file: string; readonly names: string } | undefined;
  let classes: readonly string[] | undefined;
  for await (const chunk of chunks) {
    for (const [file, text] of chunk.getRows().map((row) => row.map(String))) {
      const names = classLabelNames(text!, column, quote(file));
      if (names === undefined) continue;
      first ??= { file: file!, names: JSON.stringify(names) };
      classes ??= names;
      if (JSON.stringify(names) === first.names) continue;
      const rule = `classes of column ${quote(column)} must be the same in ` +
        "all files";
      const hint =
        `those of ${quote(first.file)} are ${quote(classes)}: read ` +
        "the files one by one";
      throw new TypeError(cannot("read table", rule, names, hint));
    }
  }
  return classes;
}
