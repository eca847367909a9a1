/**
 * What is worth knowing of an array before it is looked at closely: where its
 * finite values lie, and how many are zero or not finite at all.
 *
 * @module
 */

/** Figures of one array. */
export interface Statistics {
  /** How many values there are, finite or not. */
  readonly count: number;
  /** Mean of the finite values; NaN where there is none. */
  readonly mean: number;
  /** Standard deviation of the finite values, of the population; NaN where there is none. */
  readonly std: number;
  /** The smallest finite value; NaN where there is none. */
  readonly min: number;
  /** The largest finite value; NaN where there is none. */
  readonly max: number;
  /** How many values are 0 or -0. */
  readonly zeros: number;
  /** How many values are NaN. */
  readonly nan: number;
  /** How many values are Infinity or -Infinity. */
  readonly infinite: number;
}

/**
 * Counts and measures an array, with sums in float64. Does not copy it.
 *
 * The deviations are taken from the mean in a second pass, and in units of the
 * widest one, so that neither a large mean nor a large value spoils them.
 *
 * @param values The array, of any length.
 * @returns Its figures.
 */
export function statistics(values: ArrayLike<number>): Statistics {
  let [zeros, nan, infinite, finite] = [0, 0, 0, 0];
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value === 0) { // finite: an infinity less itself is NaN
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
  const mean = Number.isFinite(sum) ? sum / finite : meanOf(values, finite);
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
 * @returns Both; undefined where no value is finite.
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

/** The mean where the sum is beyond float64. */
function meanOf(values: ArrayLike<number>, finite: number): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value === 0) mean += value / finite;
  }
  return mean;
}
