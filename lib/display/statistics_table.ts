import { shapeText } from "../check.ts";
import { statistics } from "../math/statistics.ts";
import type { TableBlock } from "./view.ts";

/** An array that gets a row. */
export interface NamedArray {
  /** What it is called. */
  readonly name: string;
  /** Its values. */
  readonly data: ArrayLike<number>;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Its element type. */
  readonly dtype: string;
}

/**
 * Arrays as a table, one a row: statistics of the finite values, the percentage
 * of zeros among all values, and how many are NaN or infinite.
 *
 * @param kind What an array is, which names the first column.
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
      const measured = [mean, std, min, max, 100 * zeros / count]
        .map((value) => Number.isNaN(value) ? null : value);
      return [name, shapeText(shape), dtype, ...measured, nan, infinite];
    }),
  };
}
