import { shapeText } from "../check.ts";
import { statistics } from "../math/statistics.ts";
import type { TableBlock } from "./view.ts";

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
      const measured = [mean, std, min, max, percent(zeros, count)]
        .map((value) => Number.isNaN(value) ? null : value);
      return [name, shapeText(shape), dtype, ...measured, nan, infinite];
    }),
  };
}

/** A share in percent; 100 is reserved for all, though 99.999 would round to it. */
function percent(part: number, whole: number): number {
  const share = 100 * part / whole;
  return part < whole ? Math.min(share, 99.99) : share;
}
