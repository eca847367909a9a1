/**
 * Layers that take places off the borders of a map, or put zeros around it.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import { checkRank, wrongOption } from "./_checks.ts";
import {
  type Channels,
  channelsOf,
  firstPlace,
  noMasks,
  type PlaceAxes,
} from "./_maps.ts";

/** How many places at the start and the end of an axis. */
type Border = readonly [number, number];

/**
 * Cropping1D of `[N, T, D]`.
 *
 * Source: Keras 3.15 `Cropping1D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function cropping1d(config: LayerConfig): Layer {
  return cropping(config, 1, "last");
}

/**
 * Cropping2D of `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `Cropping2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function cropping2d(config: LayerConfig): Layer {
  return cropping(config, 2, channelsOf(config));
}

/**
 * Cropping3D of `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `Cropping3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function cropping3d(config: LayerConfig): Layer {
  return cropping(config, 3, channelsOf(config));
}

/**
 * ZeroPadding1D of `[N, T, D]`.
 *
 * Source: Keras 3.15 `ZeroPadding1D`; Keras 2 has channels last only.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function zeroPadding1d(config: LayerConfig): Layer {
  return zeroPadding(config, 1);
}

/**
 * ZeroPadding2D of `[N, H, W, D]`.
 *
 * Source: Keras 3.15 `ZeroPadding2D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function zeroPadding2d(config: LayerConfig): Layer {
  return zeroPadding(config, 2);
}

/**
 * ZeroPadding3D of `[N, H, W, L, D]`.
 *
 * Source: Keras 3.15 `ZeroPadding3D`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function zeroPadding3d(config: LayerConfig): Layer {
  return zeroPadding(config, 3);
}

function cropping(
  config: LayerConfig,
  axes: PlaceAxes,
  channels: Channels,
): Layer {
  const borders = bordersOf(config, "cropping", axes);
  const first = firstPlace(channels);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      const shape = ops.shape(x!);
      checkRank(config.name, shape, axes + 2);
      borders.forEach(([start, end], i) => {
        const size = shape[first + i]!;
        if (size === null || start + end < size) return;
        throw new TypeError(
          cannot(
            `call layer "${config.name}"`,
            `its input must have more places than [${start}, ${end}] are cropped`,
            shape,
          ),
        );
      });
      const ranges = borders.map(([start, end], i) => ({
        axis: first + i,
        start,
        ...(end === 0 ? {} : { stop: -end }),
      }));
      return [ops.slice(x!, ranges)];
    },
  };
}

function zeroPadding(config: LayerConfig, axes: PlaceAxes): Layer {
  const borders = bordersOf(config, "padding", axes);
  const channels = channelsOf(config);
  const none: Border = [0, 0];
  const widths = channels === "last"
    ? [none, ...borders, none]
    : [none, none, ...borders];
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      return [ops.pad(x!, widths)];
    },
  };
}

/** One number for all, one an axis, or a pair an axis; for one axis, a pair. */
function bordersOf(
  config: LayerConfig,
  key: string,
  axes: PlaceAxes,
): readonly Border[] {
  const value = config.raw(key);
  const list: unknown[] = axes === 1
    ? [value]
    : Array.isArray(value)
    ? value
    : Array(axes).fill(value);
  const borders = list.map((entry) =>
    Array.isArray(entry) ? entry : [entry, entry]
  );
  const isRight = borders.length === axes &&
    borders.every((border) =>
      border.length === 2 &&
      border.every((places) => Number.isSafeInteger(places) && places >= 0)
    );
  if (isRight) return borders as unknown as Border[];
  const rule = "say how many places, from 0 up, at the start and end of each" +
    ` of ${axes} axes`;
  throw wrongOption(config, key, rule);
}

/** Factories of this family. */
export const BORDER_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    Cropping1D: cropping1d,
    Cropping2D: cropping2d,
    Cropping3D: cropping3d,
    ZeroPadding1D: zeroPadding1d,
    ZeroPadding2D: zeroPadding2d,
    ZeroPadding3D: zeroPadding3d,
  });
