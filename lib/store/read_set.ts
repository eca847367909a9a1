/**
 * Reads all rows of one file, as a feature set.
 *
 * @module
 */
import type { StoredArray } from "../formats/stored_array.ts";
import type { FeatureSet } from "../types.ts";
import { Checksum } from "./_column_pieces.ts";
import { checkSetColumns, setOfRows } from "./_stored_set.ts";
import { bytesOf, type Part } from "./part.ts";

/**
 * Reads all rows, and verifies their checksums.
 *
 * @param part The rows.
 * @returns The set.
 * @throws {SyntaxError} If the file was changed or is damaged.
 */
export async function readSet(part: Part): Promise<FeatureSet> {
  const { name, description, head } = part;
  checkSetColumns(description, name);
  const rows = { start: 0, end: description.samples };
  const arrays = new Map<string, StoredArray>();
  for (const column of description.columns) {
    const array = await part.read(column.name, rows);
    const check = new Checksum(part, column);
    check.add(bytesOf(array));
    check.finish();
    arrays.set(column.name, array);
  }
  const ids = await part.ids(rows);
  const check = new Checksum(part, description.ids);
  check.addIds(ids);
  check.finish();
  return setOfRows(description, { arrays, ids }, head);
}
