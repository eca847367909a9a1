/**
 * Summary statistics of an array: the distribution of its finite values, and
 * the number of zeros and of values that are not finite.
 *
 * @module
 */

/** Summary statistics of one array. */
export interface Statistics {
  /** Number of values, finite or not. */
  readonly count: number;
  /** Mean of the finite values; NaN if there are none. */
  readonly mean: number;
  /**
   * Standard deviation of the finite values, of the population; NaN if there
   * are none.
   */
  readonly std: number;
  /** The smallest finite value; NaN if there are none. */
  readonly min: number;
  /** The largest finite value; NaN if there are none. */
  readonly max: number;
  /** Number of values that are 0 or -0. */
  readonly zeros: number;
  /** Number of values that are NaN. */
  readonly nan: number;
  /** Number of values that are Infinity or -Infinity. */
  readonly infinite: number;
}

/**
 * Computes summary statistics of an array, with sums in float64. Does not copy
 * it.
 *
 * Deviations from the mean are computed in a second pass, in units of the
 * largest one, so that a large mean or a large value does not lose precision.
 *
 * @param values The array, of any length.
 * @returns The statistics.
 */
export function statistics(values: ArrayLike<number>): Statistics {
  let [zeros, nan, infinite, finite] = [0, 0, 0, 0];
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value === 0) { // finite: an infinity minus itself is NaN
      finite++;
      sum += value;
      if (value === 0) zeros++;
      if (value < min) min = value;
      if (value > max) max = value;
    } else if (value === value) infinite++;
    else nan++;
  }
  const count = values.length;
  if (finite === 0) {
    const none = { mean: NaN, std: NaN, min: NaN, max: NaN };
    return { count, ...none, zeros, nan, infinite };
  }
  const mean = min === max // a sum of equal values is rounded
    ? min
    : Number.isFinite(sum)
    ? sum / finite
    : meanOf(values, finite);
  const widest = Math.max(max - mean, mean - min);
  let squares = 0;
  if (widest > 0) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value - value !== 0) continue;
      const deviation = (value - mean) / widest;
      squares += deviation * deviation;
    }
  }
  const std = widest * Math.sqrt(squares / finite);
  return { count, mean, std, min, max, zeros, nan, infinite };
}

/**
 * The smallest and the largest finite value.
 *
 * @param values The values.
 * @returns Both; undefined if no value is finite.
 */
export function extremes(
  values: ArrayLike<number>,
): [low: number, high: number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value !== 0) continue; // not finite
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? undefined : [low, high];
}

/** The mean if the sum exceeds float64. */
function meanOf(values: ArrayLike<number>, finite: number): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value === 0) mean += value / finite;
  }
  return mean;
}
