/**
 * The Weibull distribution of two parameters, fitted by maximum likelihood.
 *
 * Its logarithm has the distribution of the smallest extremes, which is what is
 * fitted here: with shapes of 10⁴ and more, as OpenMax has them, powers of the
 * values themselves overflow.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** A Weibull distribution of `x`, by the logarithm of `x`. */
export interface Weibull {
  /** Logarithm of the scale. */
  readonly logScale: number;
  /** One over the shape. */
  readonly inverseShape: number;
}

/**
 * Number of bisection steps that reduce any interval of float64 to its last
 * digit.
 */
const MOST_HALVINGS = 200;

/**
 * Fits a Weibull distribution by maximum likelihood.
 *
 * With `y = log x` and `b = 1 / shape`, the likelihood is largest where
 * `Σ y exp(y / b) / Σ exp(y / b) - mean(y) = b`. The left side minus the right
 * falls as `b` grows, so the root is bracketed and found by bisection.
 *
 * @param logs Logarithms of the values, at least two different ones.
 * @returns The distribution.
 * @throws {RangeError} If all values are equal: the likelihood has no maximum.
 */
export function fitWeibull(logs: Float64Array): Weibull {
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const least = logs.reduce((a, b) => Math.min(a, b), Infinity);
  if (!(most > least)) {
    const rule = "values must not all be equal";
    throw new RangeError(cannot("fit Weibull distribution", rule, most));
  }
  const below = logs.map((log) => log - most); // [N], at most 0
  const mean = below.reduce((a, b) => a + b, 0) / below.length;
  const excess = (b: number) => {
    let [weighted, total] = [0, 0];
    for (const y of below) {
      const weight = Math.exp(y / b);
      weighted += y * weight;
      total += weight;
    }
    return weighted / total - mean - b;
  };
  // At b = 0 the excess is -mean > 0; at b = -mean it is below 0, as no weighted mean is above 0.
  let [low, high] = [0, -mean];
  for (let i = 0; i < MOST_HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  const b = high;
  const total = below.reduce((sum, y) => sum + Math.exp(y / b), 0);
  return {
    logScale: most + b * Math.log(total / below.length),
    inverseShape: b,
  };
}

/**
 * The probability that a value is at most `x`: `1 - exp(-(x / scale)^shape)`.
 *
 * @param weibull The distribution.
 * @param log Logarithm of `x`; `-Infinity` for 0.
 * @returns The probability, in `[0, 1]`.
 */
export function weibullCdf(weibull: Weibull, log: number): number {
  const { logScale, inverseShape } = weibull;
  return -Math.expm1(-Math.exp((log - logScale) / inverseShape));
}
