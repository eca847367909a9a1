/**
 * Quantiles of the normal distribution.
 *
 * @module
 */
import { cannot } from "../check.ts";

/**
 * The quantile function of the standard normal distribution.
 *
 * Newton's method on the distribution function, whose series
 * `Φ(z) = 1/2 + φ(z) (z + z³/3 + z⁵/(3·5) + …)` has terms of one sign, so that
 * nothing cancels (Marsaglia, "Evaluating the Normal Distribution", 2004).
 * Relative error below 1e-12 for `p` from 0.005 to 0.995, and 1e-10 from 1e-6
 * to 1 - 1e-6.
 *
 * @param p A probability, in `(0, 1)`.
 * @returns The quantile: 0 for 0.5, 1.96 for 0.975.
 * @throws {RangeError} If `p` is not between 0 and 1.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) {
    const rule = `"p" must be > 0 and < 1`;
    throw new RangeError(cannot("take normal quantile", rule, p));
  }
  let [low, high, z] = [-9, 9, 0];
  for (let i = 0; i < 100; i++) {
    const { below, density } = normal(z);
    const error = below - p;
    if (error === 0) return z;
    if (error > 0) high = z;
    else low = z;
    const next = z - error / density;
    // If the slope is too flat, halve the interval instead.
    const step = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(step - z) <= 1e-15 * Math.max(1, Math.abs(z))) return step;
    z = step;
  }
  return z;
}

function normal(z: number): { below: number; density: number } {
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  let [sum, term] = [0, z];
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= z * z / odd;
  }
  return { below: 0.5 + density * sum, density };
}
