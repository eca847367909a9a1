import { cannot, checkNumber } from "../check.ts";
import type { Shaping } from "./shaping.ts";

/**
 * VRA: 0 if `a < low`, `high` if `a > high`, otherwise `a`.
 *
 * Source: Xu et al., "VRA: Variational Rectified Activation for
 * Out-of-distribution Detection", NeurIPS 2023,
 * https://arxiv.org/abs/2302.11716. The piecewise form without the offset that
 * VRA+ adds between the bounds; other toolkits clip at `low` instead of
 * setting to 0.
 *
 * @param low Values below become 0; in the unit of the penultimate.
 * @param high Values above become this; in the unit of the penultimate.
 * @returns The shaping.
 * @throws {RangeError} If a bound is not finite, or `low` is above `high`.
 */
export function vra(low: number, high: number): Shaping {
  checkNumber(low, "set vra", "low");
  checkNumber(high, "set vra", "high");
  if (low > high) {
    throw new RangeError(
      cannot("set vra", `"low" must be <= "high", ${high}`, low),
    );
  }
  return {
    name: "vra",
    settings: { low, high },
    needsVectors: false,
    apply(ops, a) {
      const top = ops.constant(high);
      const clipped = ops.where(ops.greater(a, top), top, a);
      const isLow = ops.greater(ops.constant(low), a);
      return { penultimate: ops.where(isLow, ops.constant(0), clipped) };
    },
  };
}
