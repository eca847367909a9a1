/**
 * How many directions vectors vary in.
 *
 * @module
 */
import { evenly } from "./evenly.ts";
import { chooseRows, type Rows } from "./points.ts";

/** Rows that are looked at; their rank is at most one less. */
const MOST_ROWS = 513;
/** Below this, relative to the longest row, what is left of a row is rounding of float32. */
const TOLERANCE = 1e-5;

/** What {@linkcode numericalRank} finds. */
export interface NumericalRank {
  /** How many directions there are. */
  readonly rank: number;
  /** The most that could be found, from the number of rows and units. */
  readonly most: number;
}

/**
 * Rank of rows around their mean: the dimensions of the space that they span.
 *
 * Gram-Schmidt with pivoting, in float64, over at most 513 rows, evenly spaced:
 * the row that is left longest gives the next direction, until all are shorter
 * than 1e-5 of the longest one at first. Where the rank equals `most`, more
 * rows might show more directions, unless `most` is the number of units.
 *
 * @param rows Vectors, `[N, D]`, all finite.
 * @returns The rank, and the most that it could be.
 */
export function numericalRank(rows: Rows): NumericalRank {
  const { chosen, width } = chooseRows(rows, Infinity, "take rank");
  const some = evenly(chosen.length, MOST_ROWS).map((i) => chosen[i]!);
  const left = centred(rows.data, some, width);
  const lengths = left.map((row) => dot(row, row));
  const most = Math.min(width, Math.max(0, some.length - 1));
  const least = TOLERANCE ** 2 * Math.max(0, ...lengths);
  let rank = 0;
  for (; rank < most; rank++) {
    const pivot = lengths.indexOf(Math.max(...lengths));
    const length = lengths[pivot]!;
    if (!(length > least)) break;
    const axis = left[pivot]!.map((value) => value / Math.sqrt(length));
    left.forEach((row, i) => {
      const along = dot(row, axis);
      for (let j = 0; j < width; j++) row[j]! -= along * axis[j]!;
      lengths[i] = dot(row, row);
    });
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
