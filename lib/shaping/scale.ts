import type { Ops } from "../ops/ops.ts";
import {
  checkPercentile,
  type PercentileOptions,
  rowPercentile,
} from "./percentile.ts";
import type { Shaping } from "./shaping.ts";

/**
 * SCALE: `s · a` with `s = exp(Σ a / Σ a[a > P])`, where `P` is the percentile
 * of the row.
 *
 * A row without values above `P` is unchanged; a factor that overflows is an
 * error that names the row.
 *
 * Source: Xu et al., "Scaling for Training Time and Post-hoc
 * Out-of-distribution Detection Enhancement", ICLR 2024,
 * https://arxiv.org/abs/2310.00227.
 *
 * @param percentile Fraction of a row's values below the threshold, in (0, 1).
 * @param options Interpolation.
 * @returns The shaping.
 * @throws {RangeError} If the percentile is out of range.
 */
export function scale(
  percentile: number,
  options: PercentileOptions = {},
): Shaping {
  const row = checkPercentile(percentile, options, "set scale");
  return {
    name: "scale",
    settings: { ...row },
    needsVectors: true,
    apply(ops, a) {
      const mask = maskAbove(ops, a, rowPercentile(ops, a, row));
      const factor = expRatio(ops, a, mask); // [N, 1]
      return { penultimate: ops.multiply(a, factor), scale: factor };
    },
  };
}

/**
 * A mask, `[N, D]`: 1 if the value exceeds the threshold of its row, else 0.
 */
export function maskAbove<T>(ops: Ops<T>, a: T, threshold: T): T {
  return ops.float(ops.greater(a, threshold));
}

/** The smallest normal number of float32. */
const LEAST = 2 ** -126;

/**
 * `exp(Σ a / Σ a·mask)` of each row, 1 where the mask is empty: `[N, 1]`.
 * Infinite if values of both signs cancel out, also if the quotient is −∞: no
 * such factor exists.
 */
export function expRatio<T>(ops: Ops<T>, a: T, mask: T): T {
  const row = { axis: -1, keepdims: true };
  const isSome = ops.greater(ops.sum(mask, row), ops.constant(0));
  const kept = ops.sum(ops.multiply(a, mask), row);
  const safe = ops.where(isSome, kept, ops.constant(1));
  const factor = ops.exp(ops.divide(ops.sum(a, row), safe));
  const isNothing = ops.greater(ops.constant(LEAST), ops.abs(safe)); // not of NaN
  const known = ops.where(isNothing, ops.constant(Infinity), factor);
  return ops.where(isSome, known, ops.constant(1));
}
