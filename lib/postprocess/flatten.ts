import { checkNoOptions } from "../check.ts";
import type { BuiltInPostprocess } from "../types.ts";
import { builtInStep } from "./step.ts";

/**
 * Flattens all units of a sample into one row: `[N, …]` → `[N, D]`, row-major.
 *
 * @category Postprocessing
 * @returns The step, for `FeatureExtractor.postprocess`.
 *
 * @example A map as a row of units
 * ```ts
 * import { FeatureExtractor, flatten, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [tf.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3 })],
 * });
 * const set = await new FeatureExtractor(model).layers([-1])
 *   .postprocess(flatten()).predict(tf.ones([3, 4, 4, 1]));
 * assert.deepEqual(set.features[0]?.shape, [3, 8]);
 * ```
 */
export function flatten(): BuiltInPostprocess {
  checkNoOptions(arguments, "create flatten()", "flatten()");
  return builtInStep({
    name: "flatten",
    keepsChannels: false,
    apply(ops, feature) {
      const rank = ops.shape(feature).length;
      return rank <= 2 ? feature : ops.merge(feature, 1, rank - 1);
    },
  });
}
