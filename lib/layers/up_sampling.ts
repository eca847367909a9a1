/**
 * UpSampling1D to UpSampling3D: repeats the positions of a feature map, or
 * interpolates.
 *
 * Source: Keras 3.15.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { Dialect, FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { checkRank, positiveInts, wrongCall, wrongOption } from "./_checks.ts";
import { INTERPOLATIONS, resizedImages } from "./_image_resizing.ts";
import {
  firstSpatialAxis,
  fromChannelsLast,
  noMasks,
  readChannels,
  type SpatialAxes,
  toChannelsLast,
} from "./_maps.ts";

/**
 * UpSampling2D of `[N, H, W, D]`: `nearest`, `bilinear`, `bicubic`, `lanczos3`,
 * `lanczos5` or `area`, with half-pixel centres. TF.js aligns corners, so that
 * is computed if TF.js wrote the config.
 */
function upSampling2d(config: LayerConfig): Layer {
  const size = positiveInts(config, "size", 2);
  const channels = readChannels(config);
  const kind = config.oneOf("interpolation", INTERPOLATIONS, "nearest");
  const isPlain = kind === "nearest" || kind === "bilinear";
  if (!isPlain && config.dialect === "tfjs") {
    throw wrongOption(config, "interpolation", "be one that TF.js has");
  }
  if (kind === "nearest") return repeated(config, 2);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 4);
      const map = toChannelsLast(ops, x!, channels); // [N, H, W, D]
      const [, height, width] = ops.shape(map);
      const isKnown = typeof height === "number" && typeof width === "number";
      if (isKnown && config.dialect !== "tfjs") {
        const wanted = [height * size[0]!, width * size[1]!] as const;
        const resized = resizedImages(ops, map, {
          name: config.name,
          size: wanted,
          interpolation: kind,
          antialias: false,
          ratio: "stretch",
          fillValue: 0,
        });
        return [fromChannelsLast(ops, resized, channels)];
      }
      if (kind !== "bilinear") throw unknownSizes(config, ops.shape(x!));
      const higher = between(ops, map, 1, size[0]!, config.dialect);
      const wider = between(ops, higher, 2, size[1]!, config.dialect);
      return [fromChannelsLast(ops, wider, channels)];
    },
  };
}

function unknownSizes(
  config: LayerConfig,
  shape: readonly (number | null)[],
): TypeError {
  return wrongCall(
    config.name,
    "height and width of its input must be known for this interpolation",
    shape,
  );
}

/** Repeats each position `size` times along each axis. */
function repeated(
  config: LayerConfig,
  axes: SpatialAxes,
): Layer {
  const size = positiveInts(config, "size", axes);
  const channels = axes === 1 ? "last" : readChannels(config);
  const first = firstSpatialAxis(channels);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call<T>(ops: Ops<T>, [x]: readonly T[]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      let map: T = x!;
      for (const [i, times] of size.entries()) {
        if (times > 1) map = ops.repeat(map, times, first + i);
      }
      return [map];
    },
  };
}

/**
 * Linear interpolation along one axis, whose size may be unknown: each of the
 * `factor` values that replace a value lies between it and one neighbour, which
 * at the edge is the value itself.
 */
function between<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  factor: number,
  dialect: Dialect,
): T {
  if (factor === 1) return x;
  const isOne = ops.shape(x)[axis] === 1;
  const before = isOne ? x : ops.concatenate([
    ops.slice(x, [{ axis, stop: 1 }]),
    ops.slice(x, [{ axis, stop: -1 }]),
  ], axis);
  const after = isOne ? x : ops.concatenate([
    ops.slice(x, [{ axis, start: 1 }]),
    ops.slice(x, [{ axis, start: -1 }]),
  ], axis);
  const values = Array.from({ length: factor }, (_, i) => {
    const at = dialect !== "tfjs" ? (i + 0.5) / factor - 0.5 : i / factor;
    const weight = Math.abs(at);
    return ops.add(
      ops.multiply(x, ops.constant(1 - weight)),
      ops.multiply(at < 0 ? before : after, ops.constant(weight)),
    );
  });
  return ops.merge(ops.stack(values, axis + 1), axis, axis + 1);
}

/** Factories of this family. */
export const UP_SAMPLING_LAYERS: FactoryTable = Object.freeze({
  UpSampling1D: (config) => repeated(config, 1),
  UpSampling2D: upSampling2d,
  UpSampling3D: (config) => repeated(config, 3),
});
