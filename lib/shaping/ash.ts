import type { Ops } from "../ops/ops.ts";
import { checkOneOf } from "../check.ts";
import {
  checkPercentile,
  type PercentileOptions,
  rowPercentile,
} from "./percentile.ts";
import { expRatio, maskAbove } from "./scale.ts";
import type { Shaped, Shaping } from "./shaping.ts";

/**
 * Settings of {@linkcode ash}.
 *
 * @category Extraction
 */
export interface AshOptions extends PercentileOptions {
  /**
   * Treatment of the values above the threshold: scaled (`s`), unchanged (`p`),
   * or all set to one value that keeps the row's sum (`b`).
   *
   * @default {"s"}
   */
  readonly variant?: "s" | "p" | "b";
}

/**
 * ASH: values at or below the percentile `P` of their row become 0; those above
 * are multiplied by `exp(Σ a / Σ a[a > P])` (`s`), unchanged (`p`), or set to
 * `Σ a / n` for `n` such values (`b`).
 *
 * A row without values above `P` is unchanged; a factor that overflows is an
 * error that names the row.
 *
 * Source: Djurisic et al., "Extremely Simple Activation Shaping for
 * Out-of-Distribution Detection", ICLR 2023, https://arxiv.org/abs/2209.09858.
 * There a fixed number of values is pruned; here, as in oodeel, all values up
 * to the percentile, which differs for ties.
 *
 * @param percentile Fraction of a row's values to prune, in (0, 1).
 * @param options Variant and interpolation.
 * @returns The shaping.
 * @throws {RangeError} If the percentile is out of range or the variant is
 * unknown.
 */
export function ash(percentile: number, options: AshOptions = {}): Shaping {
  const row = checkPercentile(percentile, options, "set ash", ["variant"]);
  const variant = checkOneOf(options.variant ?? "s", "set ash", "variant", [
    "s",
    "p",
    "b",
  ]);
  return {
    name: "ash",
    settings: { ...row, variant },
    needsVectors: true,
    apply<T>(ops: Ops<T>, a: T): Shaped<T> {
      const mask = maskAbove(ops, a, rowPercentile(ops, a, row));
      const sums = { axis: -1, keepdims: true };
      const count = ops.sum(mask, sums); // [N, 1]
      const isSome = ops.greater(count, ops.constant(0));
      const unlessEmpty = (x: T) => ops.where(isSome, x, a);
      if (variant === "p") {
        return { penultimate: unlessEmpty(ops.multiply(a, mask)) };
      }
      if (variant === "b") {
        const safe = ops.where(isSome, count, ops.constant(1));
        const value = ops.divide(ops.sum(a, sums), safe); // [N, 1]
        return { penultimate: unlessEmpty(ops.multiply(mask, value)) };
      }
      const factor = expRatio(ops, a, mask); // [N, 1]
      const scaled = ops.multiply(ops.multiply(a, mask), factor);
      return { penultimate: unlessEmpty(scaled), scale: factor };
    },
  };
}
