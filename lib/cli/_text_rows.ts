/**
 * Reads rows of an Arrow column as strings.
 *
 * @module
 */
import { type Data, DataType, Vector } from "apache-arrow";
import { quote } from "../check.ts";
import type { TensorSpec } from "../types.ts";
import { type Fault, isList } from "./_column_rows.ts";

/**
 * Whether a type is strings, or lists of them.
 *
 * @param type The type.
 * @returns True if {@linkcode stringRows} supports it.
 */
export function isStringType(type: DataType): boolean {
  const inner = isList(type) ? type.children[0]!.type : type;
  return DataType.isUtf8(inner) || DataType.isLargeUtf8(inner) ||
    DataType.isUtf8View(inner);
}

/**
 * Reads rows of strings, or of lists of strings.
 *
 * @param column The rows.
 * @param spec The input.
 * @param name The column's name, for messages.
 * @param bad Errors by row; bad rows are added, and become "".
 * @returns A string or a list of strings for each row; undefined if all are bad.
 */
export function stringRows(
  column: Data,
  spec: TensorSpec,
  name: string,
  bad: Map<number, Fault>,
): readonly string[] | readonly (readonly string[])[] | undefined {
  const rows = new Vector([column]);
  let width: number | undefined = spec.shape.length < 2
    ? 1
    : spec.shape[1] ?? undefined;
  const strings = Array.from(rows, (row, i) => {
    const found = stringsOf(row);
    const isThere = found !== undefined && found.every((one) => one !== null);
    if (isThere && found.length === (width ??= found.length)) return found;
    const what = width === undefined || width === 1
      ? "a text"
      : `a list of ${width} strings`;
    const rule = `column ${quote(name)} must hold ${what}`;
    const value = !isThere ? "null" : `a list of [${found.length}]`;
    bad.set(i, { rule, value });
    return undefined;
  });
  if (strings.every((row) => row === undefined)) return undefined;
  return strings.map((row) =>
    row ?? Array<string>(width!).fill("")
  ) as string[][];
}

function stringsOf(row: unknown): readonly (string | null)[] | undefined {
  if (row === null || row === undefined) return undefined;
  return typeof row === "string" ? [row] : [...row as Iterable<string | null>];
}
