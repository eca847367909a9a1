/**
 * The numerical rank of vectors around their mean.
 *
 * @module
 */
import { evenly } from "./evenly.ts";
import { chooseRows, type Rows } from "./points.ts";

/**
 * Maximum number of rows used; their rank is at most one less. Takes half a
 * second.
 */
const MOST_ROWS = 513;
/**
 * The same for rows with more than 512 units, whose full rank they could not
 * show.
 */
const MOST_WIDE_ROWS = 257;
/**
 * Relative to the longest row, residuals below this are rounding errors of
 * float32.
 */
const TOLERANCE = 1e-5;

/** The result of {@linkcode numericalRank}. */
export interface NumericalRank {
  /** The number of directions. */
  readonly rank: number;
  /**
   * The largest rank that could be found, from the number of rows and units.
   */
  readonly most: number;
}

/**
 * Rank of rows around their mean: the dimensions of the space that they span.
 *
 * Gram-Schmidt with pivoting, in float64, over at most 513 rows, or 257 of more
 * than 512 units, evenly spaced: the row with the longest residual gives the
 * next direction, until all residuals are shorter than 1e-5 of the longest row.
 * If the rank equals `most`, more rows might show more directions, unless
 * `most` is the number of units.
 *
 * @param rows Vectors, `[N, D]`, all finite.
 * @returns The rank, and the largest that it could be.
 */
export function numericalRank(rows: Rows): NumericalRank {
  const { chosen, width } = chooseRows(rows, Infinity, "take rank");
  const limit = width < MOST_ROWS ? MOST_ROWS : MOST_WIDE_ROWS;
  const some = evenly(chosen.length, limit).map((i) => chosen[i]!);
  let left = centred(rows.data, some, width).map((row) => {
    const length = dot(row, row);
    return { row, length, exact: length };
  });
  const most = Math.min(width, Math.max(0, some.length - 1));
  const longest = () => left.reduce((a, b) => b.length > a.length ? b : a);
  const least = left.length === 0 ? 0 : TOLERANCE ** 2 * longest().length;
  let rank = 0;
  for (; rank < most; rank++) {
    left = left.filter(({ length }) => length > least);
    if (left.length === 0) break;
    const { row: pivot, length } = longest();
    const axis = pivot.map((value) => value / Math.sqrt(length));
    for (const vector of left) {
      const { row } = vector;
      const along = dot(row, axis);
      for (let j = 0; j < width; j++) row[j]! -= along * axis[j]!;
      vector.length -= along * along;
      // The difference is accurate until most digits cancel.
      if (vector.length > 1e-4 * vector.exact) continue;
      vector.length = vector.exact = dot(row, row);
    }
  }
  return { rank, most };
}

function centred(
  data: ArrayLike<number>,
  rows: readonly number[],
  width: number,
): Float64Array[] {
  const mean = new Float64Array(width); // [D]
  for (const row of rows) {
    for (let j = 0; j < width; j++) {
      mean[j]! += data[row * width + j]! / rows.length;
    }
  }
  return rows.map((row) =>
    mean.map((value, j) => data[row * width + j]! - value)
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
