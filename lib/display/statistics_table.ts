import { shapeText } from "../check.ts";
import { statistics } from "../math/statistics.ts";
import { countText, percentOf } from "./cell.ts";
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

/** Maximum number of arrays in a folded table, and how many of them are last. */
const [MOST_ROWS, LAST_ROWS] = [40, 10];

/**
 * A table of arrays, one per row: statistics of the finite values, the
 * percentage of zeros, and the number of NaN and infinite values.
 *
 * @param kind The name of the first column.
 * @param arrays The arrays.
 * @returns The table.
 */
export function statisticsTable(
  kind: string,
  arrays: readonly NamedArray[],
): TableBlock {
  const numbers = ["mean", "std", "min", "max", "zeros %", "NaN", "infinite"];
  return {
    kind: "table",
    columns: [
      ...[kind, "shape", "dtype"].map((name) => ({
        name,
        align: "left" as const,
      })),
      ...numbers.map((name) => ({ name, align: "right" as const })),
    ],
    rows: arrays.map(({ name, data, shape, dtype }) => {
      const { mean, std, min, max, zeros, nan, infinite, count } = statistics(
        data,
      );
      const measured = [mean, std, min, max, percentOf(zeros, count)]
        .map((value) => Number.isNaN(value) ? null : value);
      return [name, shapeText(shape), dtype, ...measured, nan, infinite];
    }),
  };
}

/**
 * The same table; of more than 40 arrays only the first 30 and the last 10,
 * with a line that says how to see the others.
 *
 * @param kind The name of the first column.
 * @param arrays The arrays.
 * @param hint How to see an array, from its name.
 * @returns The table, and the line if arrays are left out.
 */
export function foldedStatistics(
  kind: string,
  arrays: readonly NamedArray[],
  hint: (name: string) => string,
): Block[] {
  const left = arrays.length - MOST_ROWS;
  if (left <= 0) return [statisticsTable(kind, arrays)];
  const first = arrays.slice(0, MOST_ROWS - LAST_ROWS);
  const shown = [...first, ...arrays.slice(-LAST_ROWS)];
  const table = statisticsTable(kind, shown);
  const rows = table.rows.toSpliced(first.length, 0, [`… ${left} more …`]);
  const text = `${MOST_ROWS} of ${countText(arrays.length, "array")} listed: ` +
    hint(arrays[first.length]!.name);
  return [{ ...table, rows }, { kind: "text", text }];
}
