import { shapeText } from "../check.ts";
import { statistics } from "../math/statistics.ts";
import { countText, percentOf } from "./cell.ts";
import { foldRows } from "./fold_rows.ts";
import type { Block, TableBlock } from "./view.ts";

/** An array with its name. */
export interface NamedArray {
  /** Its name. */
  readonly name: string;
  /** Its values. */
  readonly data: ArrayLike<number>;
  /** Its shape. */
  readonly shape: readonly number[];
  /** Its element type. */
  readonly dtype: string;
}

/**
 * A table of arrays, one per row: statistics of the finite values, the
 * percentage of zeros, and the number of NaN and infinite values. Of more than
 * 40 arrays, the first 30 and the last 10 are listed.
 *
 * @param kind The name of the first column.
 * @param arrays The arrays.
 * @param hint How to see an array that is left out, from its name.
 * @returns The table, and a line if arrays are left out.
 */
export function statisticsTable(
  kind: string,
  arrays: readonly NamedArray[],
  hint: (name: string) => string,
): Block[] {
  const numbers = ["mean", "std", "min", "max", "zeros %", "NaN", "infinite"];
  const { rows, listed, next } = foldRows(
    arrays.length,
    (i) => statisticsOf(arrays[i]!),
  );
  const table: TableBlock = {
    kind: "table",
    columns: [
      ...[kind, "shape", "dtype"].map((name) => ({
        name,
        align: "left" as const,
      })),
      ...numbers.map((name) => ({ name, align: "right" as const })),
    ],
    rows,
  };
  if (next === undefined) return [table];
  const text = `${listed} of ${countText(arrays.length, "array")} listed: ` +
    hint(arrays[next]!.name);
  return [table, { kind: "text", text }];
}

function statisticsOf(
  { name, data, shape, dtype }: NamedArray,
): TableBlock["rows"][number] {
  const { mean, std, min, max, zeros, nan, infinite, count } = statistics(data);
  const measured = [mean, std, min, max, percentOf(zeros, count)]
    .map((value) => Number.isNaN(value) ? null : value);
  return [name, shapeText(shape), dtype, ...measured, nan, infinite];
}
