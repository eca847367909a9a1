/**
 * Metadata that Hugging Face's `datasets` writes into Parquet files and Arrow
 * schemas, under the key `huggingface`.
 *
 * @module
 */
import { parseLooseJson } from "../formats/loose_json.ts";
import { isObject } from "./tensor_likes.ts";

/**
 * Names of the classes of a column of type `ClassLabel`.
 *
 * @param text The metadata, JSON.
 * @param column The column.
 * @param source The name of its file, for messages.
 * @returns The names, by label; undefined if the column has none.
 * @throws {SyntaxError} If it is not JSON.
 */
export function classLabelNames(
  text: string,
  column: string,
  source: string,
): readonly string[] | undefined {
  let found = parseLooseJson(text, `metadata "huggingface" of ${source}`);
  for (const key of ["info", "features", column, "names"]) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return Array.isArray(found) && found.every((one) => typeof one === "string")
    ? found
    : undefined;
}
