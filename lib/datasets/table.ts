/**
 * `table` and `query`: files of tables by DuckDB.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { LockedDuckdb } from "../formats/duckdb.ts";
import { isObject } from "./tensor_likes.ts";
import type { DataSource } from "../types.ts";
import { ColumnSource } from "./_column_source.ts";
import { checkTableOptions, type TableOptions } from "./table_options.ts";
import { tableFiles } from "./table_files.ts";
import {
  checkRepeatable,
  checkTypes,
  TableReader,
  withFiles,
} from "./_table_reader.ts";

/**
 * Settings of {@linkcode table}.
 *
 * @category Data
 */
export interface TableFileOptions extends TableOptions {
  /** Rows that come, as an SQL condition: `"split = 'train'"`. @default {all} */
  readonly where?: string;
  /** Their order, as in SQL: `"score DESC, id"`. @default {that of the files} */
  readonly orderBy?: string;
}

/**
 * Settings of {@linkcode query}.
 *
 * @category Data
 */
export interface QueryOptions extends TableOptions {
  /** The only files that the query may read: paths and patterns. @default {none} */
  readonly files?: readonly string[];
}

/**
 * Reads tables: CSV and TSV, JSON lines and arrays of JSON, Parquet; several
 * files by patterns, hive folders (`split=train/…`), gzip.
 *
 * Columns of numbers, of lists of numbers, and of image files as Hugging Face
 * keeps them (`struct<bytes, path>`, or bytes), which are decoded as by
 * `imageFolder`. Class names come from Hugging Face's metadata, or are the
 * strings of the labels in sorted order. Only the columns that are needed are
 * read; `where` and `orderBy` are DuckDB's. Rows of a shuffled table are sorted
 * in memory. Rows come 2,048 at once, large images of Parquet files in slices
 * of 64 MB unless `where`, `orderBy` or `shuffle` is set.
 *
 * Types of CSV and JSON columns are those of all rows: the files are read once
 * for them, which takes 4 s for 1,000,000 rows of 9 numbers. The first row of a
 * CSV file is its header where it differs from the others in type; rows with
 * more or fewer values than it are refused.
 *
 * DuckDB is loaded when the table is first read, and is locked: it reads these
 * files only, has no network, loads no extensions and writes no file. It needs
 * the permission `--allow-ffi`.
 *
 * @param files A path, a pattern such as `"train/*.parquet"`, or several.
 * @param options Columns, rows, images.
 * @returns A source; its length and classes are known after `prepare()`, which
 * runs call. Shows itself with class counts and the first rows.
 * @throws {TypeError} If an option or a file is of another kind.
 * @throws {RangeError} If a pattern finds no file, or a value is out of range.
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
  const reader = new TableReader(paths);
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
        const classNames = reader.format === "parquet"
          ? await huggingFaceClasses(engine, paths[0]!)
          : new Map<string, readonly string[]>();
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
 * One SELECT, over the files that are named; what writes, attaches, or reads
 * another file or a URL is refused. DuckDB is locked as for {@linkcode table}.
 * A pattern of `files` can stand in the SQL as it is: `FROM 'train/*.parquet'`.
 * DuckDB tells types of CSV and JSON columns from the first 20,480 rows; where
 * they do not hold for all, the query is refused, and the message says what to
 * write.
 *
 * @param sql The query, as `SELECT * FROM 'a.parquet' JOIN 'b.csv' USING (id)`.
 * @param options Files, columns, images.
 * @returns A source; its length and classes are known after `prepare()`, which
 * runs call.
 * @throws {TypeError} If an option is of another kind.
 * @throws {RangeError} If a pattern finds no file, or a value is out of range.
 * @throws {Deno.errors.NotFound} If a file does not exist.
 *
 * @example A mean a group
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
  const patterns = new Map([...found].filter(([file, [one]]) => file !== one));
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
        if (!isChecked) await checkTypes(engine, body, paths);
        isChecked = true;
        const from = `(${body}\n)`;
        const classNames = new Map<string, readonly string[]>();
        return await duckdbStore(engine, { from, classNames, name: "query" });
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

/** Names of classes in the metadata that Hugging Face's `datasets` writes. */
async function huggingFaceClasses(
  engine: LockedDuckdb,
  file: string,
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const { literal } = await import("../formats/duckdb.ts");
  const { chunks } = await engine.select(
    `SELECT decode(value) FROM parquet_kv_metadata(${literal(file)}) ` +
      `WHERE key = 'huggingface'::BLOB`,
  );
  for await (const chunk of chunks) {
    const text = chunk.getColumnVector(0).getItem(0);
    const info: unknown = JSON.parse(String(text))?.info;
    const features = isObject(info) && isObject(info.features)
      ? info.features
      : {};
    for (const [name, feature] of Object.entries(features)) {
      if (!isObject(feature) || !Array.isArray(feature.names)) continue;
      if (feature.names.every((one) => typeof one === "string")) {
        found.set(name, feature.names);
      }
    }
  }
  return found;
}
