/**
 * The columns of a DuckDB query: how each type is read.
 *
 * @module
 */
import { identifier } from "../formats/duckdb.ts";
import type { DType } from "../types.ts";
import type { ColumnInfo } from "./_columns.ts";

/** SQL types of numbers, and their element types. */
const NUMBERS: readonly [RegExp, string, DType][] = [
  [/^BOOLEAN$|^U?(TINYINT|SMALLINT)$|^INTEGER$/, "INTEGER", "int32"],
  [/^(U?BIGINT|UINTEGER|U?HUGEINT)$/, "BIGINT", "int64"],
  [/^FLOAT$/, "FLOAT", "float32"],
  [/^DOUBLE$|^DECIMAL\(/, "DOUBLE", "float64"],
];

/** Other types whose values can be converted to strings. */
const WRITTEN = /^(DATE|TIME|UUID|INTERVAL)\b|^TIMESTAMP|^"NULL"$/;

/** A column, and its SQL. */
export interface Read extends ColumnInfo {
  /** The SQL after SELECT; two values for images. */
  readonly sql: readonly string[];
  readonly dtype?: DType;
}

/**
 * Determines how a column is read.
 *
 * @param name Its name.
 * @param type Its type.
 * @returns The column, and its SQL.
 */
export function columnOf(name: string, type: string): Read {
  const id = identifier(name);
  const item = type.replace(/(\[\d*\])+$/, "");
  const levels = type.slice(item.length).match(/\[\d*\]/g) ?? [];
  const number = NUMBERS.find(([pattern]) => pattern.test(item));
  if (number !== undefined) {
    const [, sql, dtype] = number;
    const cast = `CAST(${id} AS ${sql}${"[]".repeat(levels.length)})`;
    const sizes = levels.toReversed().map((level) => parseInt(level.slice(1)));
    const shape = sizes.some(Number.isNaN) ? undefined : sizes;
    return { name, kind: "numbers", type, sql: [cast], dtype, shape };
  }
  const sql = [`CAST(${id} AS VARCHAR)`];
  if (levels.length > 0) return { name, kind: "other", type, sql };
  if (type === "VARCHAR" || /^ENUM\(/.test(type)) {
    return { name, kind: "strings", type, sql };
  }
  if (type === "BLOB") {
    return { name, kind: "images", type, sql: [id, "CAST(NULL AS VARCHAR)"] };
  }
  if (isImageStruct(type)) {
    return { name, kind: "images", type, sql: [`${id}.bytes`, `${id}.path`] };
  }
  return { name, kind: "other", type, sql, isWritten: WRITTEN.test(type) };
}

/** Whether a type is a struct of the bytes and the path of an image. */
function isImageStruct(type: string): boolean {
  const [, fields = ""] = /^STRUCT\((.*)\)$/.exec(type) ?? [];
  const sorted = fields.replaceAll('"', "").split(", ").sort();
  return sorted.join() === "bytes BLOB,path VARCHAR";
}
