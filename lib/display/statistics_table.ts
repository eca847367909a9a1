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
 * Arrays as a table, one a row: where their finite values lie, which share of
 * all values is zero, and how many are NaN.
 *
 * @param kind What an array is, which names the first column.
 * @param arrays The arrays.
 * @returns The table.
 */
export function statisticsTable(
  kind: string,
  arrays: readonly NamedArray[],
): TableBlock {
  return {
    kind: "table",
    columns: [
      { name: kind },
      { name: "shape" },
      { name: "dtype" },
      ...["min", "max", "mean", "std", "zeros", "NaN"].map((name) => ({
        name,
        align: "right" as const,
      })),
    ],
    rows: arrays.map(({ name, data, shape, dtype }) => {
      const { min, max, mean, std, zeros, nan } = statistics(data);
      const share = `${(100 * zeros / Math.max(1, data.length)).toFixed(1)} %`;
      return [name, shapeText(shape), dtype, min, max, mean, std, share, nan];
    }),
  };
}
