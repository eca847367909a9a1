import { checkNumber } from "../check.ts";
import type { Shaping } from "./shaping.ts";

/**
 * ReAct: `min(a, threshold)`, element-wise; negative values are unchanged.
 *
 * Source: Sun et al., "ReAct: Out-of-distribution Detection With Rectified
 * Activations", NeurIPS 2021, https://arxiv.org/abs/2111.12797. In the paper
 * the threshold is a percentile of the activations on training data.
 *
 * @param threshold Upper bound, in the unit of the penultimate.
 * @returns The shaping.
 * @throws {RangeError} If the threshold is not finite.
 */
export function react(threshold: number): Shaping {
  checkNumber(threshold, "set react", "threshold");
  return {
    name: "react",
    settings: { threshold },
    needsVectors: false,
    apply(ops, a) {
      const bound = ops.constant(threshold);
      // `where`, not `minimum`: NaN must stay NaN on every backend.
      return { penultimate: ops.where(ops.greater(a, bound), bound, a) };
    },
  };
}
