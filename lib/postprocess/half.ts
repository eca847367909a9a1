import { checkNoOptions } from "../check.ts";
import type { BuiltInPostprocess } from "../types.ts";
import { builtInStep } from "./step.ts";

/**
 * Stores the feature as float16: half the memory, 11 bits of precision.
 *
 * TF.js has no float16, so there the values are rounded when they are read
 * back. A value beyond ±65504 is an error that names the layer.
 *
 * @category Postprocessing
 * @returns The step, for `FeatureExtractor.postprocess`.
 *
 * @example Pooled and halved
 * ```ts
 * import { FeatureExtractor, half, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [tf.layers.dense({ inputShape: [3], units: 2 })],
 * });
 * const set = await new FeatureExtractor(model).layers([-1])
 *   .postprocess(half()).predict(tf.ones([4, 3]));
 * assert.equal(set.features[0]?.dtype, "float16");
 * ```
 */
export function half(): BuiltInPostprocess {
  checkNoOptions(arguments, "create half()", "half()");
  return builtInStep({
    name: "half",
    readAs: "float16",
    keepsChannels: true,
    apply: (_ops, feature) => feature,
  });
}
