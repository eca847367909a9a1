/**
 * Global pooling: the mean or the largest value over all places.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { CallContext, Layer, LayerConfig, LayerFactory } from "./layer.ts";
import { checkRank } from "./_checks.ts";
import { channelsOf, firstPlace, noMasks, type PlaceAxes } from "./_maps.ts";

/**
 * GlobalAveragePooling1D: the mean over `[N, T, D]`, of the places that the
 * mask keeps; NaN where it keeps none.
 *
 * Source: Keras 3.15 `GlobalAveragePooling1D`. Keras 2 multiplies by the mask,
 * so that a NaN at a place left out stays.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalAveragePooling1d(config: LayerConfig): Layer {
  const layer = globalPooling(config, 1, "mean");
  const channels = channelsOf(config);
  const keepdims = config.boolean("keepdims", false);
  const over = { axis: firstPlace(channels), keepdims };
  return {
    ...layer,
    call(ops, inputs, weights, context) {
      const [x] = inputs;
      const mask = maskOf(ops, context);
      if (mask === undefined) return layer.call(ops, inputs, weights, context);
      checkRank(config.name, ops.shape(x!), 3);
      const kept = ops.expandDims(mask, channels === "last" ? 2 : 1); // [N, T, 1]
      const share = ops.float(kept);
      const values = config.dialect === 3
        ? ops.where(kept, x!, ops.constant(0))
        : ops.multiply(x!, share);
      return [ops.divide(ops.sum(values, over), ops.sum(share, over))];
    },
  };
}

/** The mask given in the call, or else the one that came with the input. */
function maskOf<T>(ops: Ops<T>, context: CallContext<T>): T | undefined {
  const { mask } = context.args;
  if (mask === undefined || mask === null) return context.masks[0];
  const given = mask as T;
  return ops.dtype(given) === "bool" ? given : ops.cast(given, "bool");
}

/**
 * GlobalAveragePooling2D: the mean over the places of `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `GlobalAveragePooling2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalAveragePooling2d(config: LayerConfig): Layer {
  return globalPooling(config, 2, "mean");
}

/**
 * GlobalAveragePooling3D: the mean over the places of `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `GlobalAveragePooling3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalAveragePooling3d(config: LayerConfig): Layer {
  return globalPooling(config, 3, "mean");
}

/**
 * GlobalMaxPooling1D: the largest value over the places of `[N, T, D]`; no
 * mask is looked at.
 *
 * Source: Keras 3.15 `GlobalMaxPooling1D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalMaxPooling1d(config: LayerConfig): Layer {
  return globalPooling(config, 1, "max");
}

/**
 * GlobalMaxPooling2D: the largest value over the places of `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `GlobalMaxPooling2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalMaxPooling2d(config: LayerConfig): Layer {
  return globalPooling(config, 2, "max");
}

/**
 * GlobalMaxPooling3D: the largest value over the places of `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `GlobalMaxPooling3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function globalMaxPooling3d(config: LayerConfig): Layer {
  return globalPooling(config, 3, "max");
}

function globalPooling(
  config: LayerConfig,
  axes: PlaceAxes,
  kind: "mean" | "max",
): Layer {
  const channels = channelsOf(config);
  const keepdims = config.boolean("keepdims", false);
  const first = firstPlace(channels);
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

/** Factories of this family. */
export const GLOBAL_POOLING_LAYERS: Readonly<Record<string, LayerFactory>> =
  Object.freeze({
    GlobalAveragePooling1D: globalAveragePooling1d,
    GlobalAvgPool1D: globalAveragePooling1d,
    GlobalAveragePooling2D: globalAveragePooling2d,
    GlobalAvgPool2D: globalAveragePooling2d,
    GlobalAveragePooling3D: globalAveragePooling3d,
    GlobalAvgPool3D: globalAveragePooling3d,
    GlobalMaxPooling1D: globalMaxPooling1d,
    GlobalMaxPool1D: globalMaxPooling1d,
    GlobalMaxPooling2D: globalMaxPooling2d,
    GlobalMaxPool2D: globalMaxPooling2d,
    GlobalMaxPooling3D: globalMaxPooling3d,
    GlobalMaxPool3D: globalMaxPooling3d,
  });
