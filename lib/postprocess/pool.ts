import { cannot, checkOneOf, checkOptions } from "../check.ts";
import type { BuiltInPostprocess, PoolOptions } from "../types.ts";
import { builtInStep } from "./step.ts";

/**
 * Pools a feature map over its positions: `[N, H, W, D]` or `[N, T, D]` →
 * `[N, D]`, with the channel axis of the layer. A feature without positions,
 * `[N, D]`, is unchanged.
 *
 * Runs inside the engine, so that large feature maps are not read back.
 *
 * @category Postprocessing
 * @param kind Mean or maximum over the positions.
 * @param options The channel axis, if the layer does not know it.
 * @returns The step, for `FeatureExtractor.postprocess`.
 * @throws {RangeError} If the kind is unknown.
 *
 * @example Pooled features of every layer
 * ```ts
 * import { FeatureExtractor, pool, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3 })],
 * });
 * const set = await new FeatureExtractor(model).layers([-1])
 *   .postprocess(pool("mean")).predict(tf.ones([2, 8, 8, 1]));
 * assert.deepEqual(set.features[0]?.shape, [2, 4]);
 * ```
 */
export function pool(
  kind: "mean" | "max",
  options: PoolOptions = {},
): BuiltInPostprocess {
  checkOneOf(kind, "create pool()", "kind", ["mean", "max"]);
  checkOptions(options, "create pool()", ["channels"]);
  if (options.channels !== undefined) {
    checkOneOf(options.channels, "create pool()", "channels", [
      "first",
      "last",
    ]);
  }
  return builtInStep({
    name: options.channels === undefined
      ? `pool(${kind})`
      : `pool(${kind}, ${options.channels})`,
    form: "pooled",
    keepsChannels: false,
    apply(ops, feature, context) {
      const rank = ops.shape(feature).length;
      if (rank <= 2) return feature;
      const channels = options.channels ?? context.channels;
      if (channels === undefined) {
        throw new TypeError(
          cannot(
            `pool layer "${context.layer}"`,
            "the axis of its channels must be known",
            channels,
            `pass it, as in pool("${kind}", { channels: "last" })`,
          ),
        );
      }
      const first = channels === "last" ? 1 : 2;
      const axis = Array.from({ length: rank - 2 }, (_, i) => first + i);
      return kind === "mean"
        ? ops.mean(feature, { axis })
        : ops.max(feature, { axis }); // [N, D]
    },
  });
}
