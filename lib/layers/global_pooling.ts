/**
 * Global pooling: the mean or maximum over all positions. Only
 * GlobalAveragePooling1D reads masks.
 *
 * Source: Keras 3.15 `GlobalAveragePooling1D` to `GlobalMaxPooling3D`.
 *
 * @module
 */
import { asBooleans, maskArgument } from "./_arguments.ts";
import type {
  FactoryTable,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";
import { checkRank } from "./_checks.ts";
import {
  firstSpatialAxis,
  forAxes,
  noMasks,
  readChannels,
  type SpatialAxes,
} from "./_maps.ts";

const globalPooling =
  (kind: "mean" | "max") => (axes: SpatialAxes): LayerFactory => (config) =>
    overAll(config, axes, kind);

function overAll(
  config: LayerConfig,
  axes: SpatialAxes,
  kind: "mean" | "max",
): Layer {
  const channels = readChannels(config);
  const keepdims = config.boolean("keepdims", false);
  const first = firstSpatialAxis(channels);
  const axis = Array.from({ length: axes }, (_, i) => first + i);
  return {
    weights: [],
    ...(keepdims ? { channels } : {}),
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      return [ops[kind](x!, { axis, keepdims })]; // [N, D]
    },
  };
}

/**
 * GlobalAveragePooling1D: the mean over the unmasked time steps of `[N, T, D]`;
 * NaN if all are masked. Keras 2 multiplies by the mask, so that a NaN at a
 * masked time step stays.
 */
function meanOverTime(config: LayerConfig): Layer {
  const layer = overAll(config, 1, "mean");
  const channels = readChannels(config);
  const keepdims = config.boolean("keepdims", false);
  const over = { axis: firstSpatialAxis(channels), keepdims };
  return {
    ...layer,
    call(ops, inputs, weights, context) {
      const [x] = inputs;
      const mask = maskArgument(config.name, context);
      if (mask === undefined) return layer.call(ops, inputs, weights, context);
      checkRank(config.name, ops.shape(x!), 3);
      const kept = ops.expandDims(
        asBooleans(ops, mask),
        channels === "last" ? 2 : 1,
      ); // [N, T, 1]
      const count = ops.float(kept);
      const values = config.dialect === 3
        ? ops.where(kept, x!, ops.constant(0))
        : ops.multiply(x!, count);
      return [ops.divide(ops.sum(values, over), ops.sum(count, over))];
    },
  };
}

const AVERAGE = ["GlobalAveragePooling#D", "GlobalAvgPool#D"];

/** Factories of this family. */
export const GLOBAL_POOLING_LAYERS: FactoryTable = Object.freeze({
  ...forAxes([1], () => meanOverTime, ...AVERAGE),
  ...forAxes([2, 3], globalPooling("mean"), ...AVERAGE),
  ...forAxes(
    [1, 2, 3],
    globalPooling("max"),
    "GlobalMaxPooling#D",
    "GlobalMaxPool#D",
  ),
});
