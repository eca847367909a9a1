import { checkNumber, checkOptions } from "../check.ts";
import type { BuiltInPostprocess } from "../types.ts";
import { builtInStep } from "./step.ts";

/**
 * Settings of {@linkcode normalize}.
 *
 * @category Postprocessing
 */
export interface NormalizeOptions {
  /**
   * Added to the norm, in the unit of the feature. Must be finite and >= 0.
   *
   * @default {1e-10}
   */
  readonly epsilon?: number;
}

/**
 * Divides each sample by its norm: `z / (‖z‖₂ + epsilon)`, over all units. The
 * shape is unchanged.
 *
 * @category Postprocessing
 * @param options The number added to the norm.
 * @returns The step, for `FeatureExtractor.postprocess`.
 * @throws {RangeError} If `epsilon` is not finite or negative.
 *
 * @example Features of length 1
 * ```ts
 * import { FeatureExtractor, normalize, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const layer = tf.layers.activation({ activation: "linear", inputShape: [2] });
 * const model = tf.sequential({ layers: [layer] });
 * const set = await new FeatureExtractor(model).layers([-1])
 *   .postprocess(normalize()).predict(tf.tensor([[3, 4]]));
 * const [a, b] = set.features[0]!.data;
 * assert.ok(Math.abs(a! - 0.6) < 1e-6 && Math.abs(b! - 0.8) < 1e-6);
 * ```
 */
export function normalize(options: NormalizeOptions = {}): BuiltInPostprocess {
  checkOptions(options, "create normalize()", ["epsilon"]);
  const { epsilon = 1e-10 } = options;
  checkNumber(epsilon, "create normalize()", "epsilon", { min: 0 });
  return builtInStep({
    name: options.epsilon === undefined
      ? "normalize"
      : `normalize(${options.epsilon})`,
    keepsChannels: true,
    apply(ops, feature) {
      const rank = ops.shape(feature).length;
      const axis = Array.from({ length: rank - 1 }, (_, i) => i + 1);
      // Scaled by the largest unit first: squares of large units overflow.
      const largest = ops.max(ops.abs(feature), { axis, keepdims: true });
      const isSome = ops.greater(largest, ops.constant(0));
      const unit = ops.where(isSome, largest, ops.constant(1));
      const scaled = ops.divide(feature, unit);
      const squares = ops.multiply(scaled, scaled);
      const norm = ops.sqrt(ops.sum(squares, { axis, keepdims: true }));
      const length = ops.add(ops.multiply(norm, unit), ops.constant(epsilon));
      // If the sample and epsilon are 0, 0 / 1 instead of NaN.
      const some = ops.greater(length, ops.constant(0));
      return ops.divide(feature, ops.where(some, length, ops.constant(1)));
    },
  });
}
