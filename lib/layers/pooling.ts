/**
 * Pooling: the largest value or the mean of each window; padding never counts.
 *
 * @module
 */
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import { checkRank, positiveInts } from "./_checks.ts";
import {
  channelsOf,
  fromChannelsLast,
  noMasks,
  paddingOf,
  type PlaceAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * MaxPooling1D over `[N, T, D]`.
 *
 * Source: Keras 3.15 `MaxPooling1D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function maxPooling1d(config: LayerConfig): Layer {
  return pooling(config, 1, "maxPool");
}

/**
 * MaxPooling2D over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `MaxPooling2D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function maxPooling2d(config: LayerConfig): Layer {
  return pooling(config, 2, "maxPool");
}

/**
 * MaxPooling3D over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `MaxPooling3D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function maxPooling3d(config: LayerConfig): Layer {
  return pooling(config, 3, "maxPool");
}

/**
 * AveragePooling1D over `[N, T, D]`.
 *
 * Source: Keras 3.15 `AveragePooling1D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function averagePooling1d(config: LayerConfig): Layer {
  return pooling(config, 1, "averagePool");
}

/**
 * AveragePooling2D over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `AveragePooling2D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function averagePooling2d(config: LayerConfig): Layer {
  return pooling(config, 2, "averagePool");
}

/**
 * AveragePooling3D over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `AveragePooling3D`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function averagePooling3d(config: LayerConfig): Layer {
  return pooling(config, 3, "averagePool");
}

function pooling(
  config: LayerConfig,
  axes: PlaceAxes,
  kind: "maxPool" | "averagePool",
): Layer {
  const size = positiveInts(config, "pool_size", axes, 2);
  const strides = positiveInts(config, "strides", axes, size);
  const padding = paddingOf(config, ["valid", "same"]);
  const channels = channelsOf(config);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      const last = toChannelsLast(ops, x!, channels);
      const pooled = ops[kind](last, { size, strides, padding }); // [N, …places, D]
      return [fromChannelsLast(ops, pooled, channels)];
    },
  };
}

/** Factories of this family. */
export const POOLING_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    MaxPooling1D: maxPooling1d,
    MaxPool1D: maxPooling1d,
    MaxPooling2D: maxPooling2d,
    MaxPool2D: maxPooling2d,
    MaxPooling3D: maxPooling3d,
    MaxPool3D: maxPooling3d,
    AveragePooling1D: averagePooling1d,
    AvgPool1D: averagePooling1d,
    AveragePooling2D: averagePooling2d,
    AvgPool2D: averagePooling2d,
    AveragePooling3D: averagePooling3d,
    AvgPool3D: averagePooling3d,
  });
