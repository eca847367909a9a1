/**
 * Adaptive pooling: as many windows as are asked for. Of `n` places along an
 * axis, window `i` of `m` holds those from `⌊i n / m⌋` to before
 * `⌈(i + 1) n / m⌉`: its length is one of two, `⌈n / m⌉` or one more.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import { checkRank, positiveInts } from "./_checks.ts";
import {
  channelsOf,
  fromChannelsLast,
  noMasks,
  type PlaceAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * AdaptiveAveragePooling1D over `[N, T, D]`.
 *
 * Source: Keras 3.15 `AdaptiveAveragePooling1D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveAveragePooling1d(config: LayerConfig): Layer {
  return adaptivePooling(config, 1, "averagePool");
}

/**
 * AdaptiveAveragePooling2D over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `AdaptiveAveragePooling2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveAveragePooling2d(config: LayerConfig): Layer {
  return adaptivePooling(config, 2, "averagePool");
}

/**
 * AdaptiveAveragePooling3D over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `AdaptiveAveragePooling3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveAveragePooling3d(config: LayerConfig): Layer {
  return adaptivePooling(config, 3, "averagePool");
}

/**
 * AdaptiveMaxPooling1D over `[N, T, D]`.
 *
 * Source: Keras 3.15 `AdaptiveMaxPooling1D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveMaxPooling1d(config: LayerConfig): Layer {
  return adaptivePooling(config, 1, "maxPool");
}

/**
 * AdaptiveMaxPooling2D over `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `AdaptiveMaxPooling2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveMaxPooling2d(config: LayerConfig): Layer {
  return adaptivePooling(config, 2, "maxPool");
}

/**
 * AdaptiveMaxPooling3D over `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `AdaptiveMaxPooling3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function adaptiveMaxPooling3d(config: LayerConfig): Layer {
  return adaptivePooling(config, 3, "maxPool");
}

type Kind = "maxPool" | "averagePool";

function adaptivePooling(
  config: LayerConfig,
  axes: PlaceAxes,
  kind: Kind,
): Layer {
  const wanted = positiveInts(config, "output_size", axes);
  const channels = channelsOf(config);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      let map = toChannelsLast(ops, x!, channels); // [N, …places, D]
      // One axis after another: a mean of means over windows of one length.
      for (const [i, windows] of wanted.entries()) {
        const places = ops.shape(map)[i + 1]!;
        if (places === null) {
          throw new TypeError(
            cannot(
              `call layer "${config.name}"`,
              "the sizes of its input's places must be known",
              ops.shape(x!),
            ),
          );
        }
        map = pooledAlong(ops, map, i + 1, places, windows, kind);
      }
      return [fromChannelsLast(ops, map, channels)];
    },
  };
}

/** Windows of both lengths at every place, of which those wanted are taken. */
function pooledAlong<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  places: number,
  windows: number,
  kind: Kind,
): T {
  const only = (value: number) =>
    ops.shape(x).slice(1, -1).map((_, i) => i + 1 === axis ? value : 1);
  const pooled = (length: number, step: number) =>
    ops[kind](x, {
      size: only(length),
      strides: only(step),
      padding: "valid",
    });
  const length = Math.ceil(places / windows);
  if (places % windows === 0) return pooled(length, length);
  const starts = Array.from(
    { length: windows },
    (_, i) => Math.floor(i * places / windows),
  );
  const isLong = starts.map((start, i) =>
    Math.ceil((i + 1) * places / windows) - start > length
  );
  const short = pooled(length, 1);
  const all = isLong.includes(true)
    ? ops.concatenate([short, pooled(length + 1, 1)], axis)
    : short;
  const numShort = places - length + 1;
  const taken = starts.map((start, i) => isLong[i] ? numShort + start : start);
  const indices = ops.constant({
    data: Int32Array.from(taken),
    shape: [windows],
    dtype: "int32",
  });
  return ops.take(all, indices, axis);
}

/** Factories of this family. */
export const ADAPTIVE_POOLING_LAYERS: Readonly<Record<string, LayerFactory>> =
  Object.freeze({
    AdaptiveAveragePooling1D: adaptiveAveragePooling1d,
    AdaptiveAveragePooling2D: adaptiveAveragePooling2d,
    AdaptiveAveragePooling3D: adaptiveAveragePooling3d,
    AdaptiveMaxPooling1D: adaptiveMaxPooling1d,
    AdaptiveMaxPooling2D: adaptiveMaxPooling2d,
    AdaptiveMaxPooling3D: adaptiveMaxPooling3d,
  });
