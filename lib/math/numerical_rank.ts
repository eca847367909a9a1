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
  const { axes, most } = spanOf(rows);
  return { rank: axes.length, most };
}

/**
 * Whether each principal component of rows explains more than a fraction of the
 * variance around the mean. Uses the same rows as {@linkcode numericalRank}.
 *
 * @param rows Vectors, `[N, D]`, all finite.
 * @param share The fraction, in `(0, 1)`.
 * @returns True if all components do; false if the rows do not differ.
 */
export function spreadsAlike(rows: Rows, share: number): boolean {
  const { axes, some, width } = spanOf(rows);
  const sums = scatter(centred(rows.data, some, width), axes);
  return axes.length > 0 && allAbove(sums, share);
}

/** Orthonormal directions of rows around their mean, and the rows used. */
function spanOf(rows: Rows): {
  readonly axes: readonly Float64Array[];
  readonly most: number;
  readonly some: readonly number[];
  readonly width: number;
} {
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
  const axes: Float64Array[] = [];
  while (axes.length < most) {
    left = left.filter(({ length }) => length > least);
    if (left.length === 0) break;
    const { row: pivot, length } = longest();
    const axis = pivot.map((value) => value / Math.sqrt(length));
    axes.push(axis);
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
  return { axes, most, some, width };
}

/** Sums of products of the coordinates of rows along axes, `[r, r]`. */
function scatter(
  rows: readonly Float64Array[],
  axes: readonly Float64Array[],
): Float64Array[] {
  const sums = axes.map(() => new Float64Array(axes.length)); // [r, r]
  for (const row of rows) {
    const along = axes.map((axis) => dot(row, axis)); // [r]
    sums.forEach((line, i) => {
      for (let j = 0; j <= i; j++) line[j]! += along[i]! * along[j]!;
    });
  }
  return sums;
}

/**
 * Whether all eigenvalues of a matrix are above a fraction of their sum: then the
 * matrix has a Cholesky factor after this is subtracted from its diagonal.
 */
function allAbove(matrix: readonly Float64Array[], share: number): boolean {
  const total = matrix.reduce((sum, line, i) => sum + line[i]!, 0);
  const factor = matrix.map((line) => line.slice()); // [r, r], lower triangle
  for (const [i, line] of factor.entries()) {
    line[i]! -= share * total;
    for (let j = 0; j <= i; j++) {
      const other = factor[j]!;
      let left = line[j]!;
      for (let k = 0; k < j; k++) left -= line[k]! * other[k]!;
      if (j < i) line[j] = left / other[j]!;
      else if (!(left > 0)) return false;
      else line[i] = Math.sqrt(left);
    }
  }
  return true;
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
