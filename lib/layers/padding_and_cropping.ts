/**
 * Cropping1D to Cropping3D, ZeroPadding1D to ZeroPadding3D: removes positions
 * at the edges of a feature map, or adds zeros.
 *
 * Source: Keras 3.15; in Keras 2 the 1-D layers are channels last only.
 *
 * @module
 */
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { checkRank, wrongCall, wrongOption } from "./_checks.ts";
import {
  firstSpatialAxis,
  forAxes,
  noMasks,
  readChannels,
  type SpatialAxes,
} from "./_maps.ts";

/** Number of positions at the start and the end of an axis. */
type Widths = readonly [number, number];

const cropping = (axes: SpatialAxes) => (config: LayerConfig): Layer => {
  const channels = axes === 1 ? "last" : readChannels(config);
  const widths = widthsOf(config, "cropping", axes);
  const first = firstSpatialAxis(channels);
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      const shape = ops.shape(x!);
      checkRank(config.name, shape, axes + 2);
      widths.forEach(([start, end], i) => {
        const size = shape[first + i]!;
        if (size === null || start + end < size) return;
        throw wrongCall(
          config.name,
          `its input must have more positions than [${start}, ${end}] are cropped`,
          shape,
        );
      });
      const ranges = widths.map(([start, end], i) => ({
        axis: first + i,
        start,
        ...(end === 0 ? {} : { stop: -end }),
      }));
      return [ops.slice(x!, ranges)];
    },
  };
};

const zeroPadding = (axes: SpatialAxes) => (config: LayerConfig): Layer => {
  const widths = widthsOf(config, "padding", axes);
  const channels = readChannels(config);
  const none: Widths = [0, 0];
  const all = channels === "last"
    ? [none, ...widths, none]
    : [none, none, ...widths];
  return {
    weights: [],
    channels,
    masks: noMasks,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), axes + 2);
      return [ops.pad(x!, all)];
    },
  };
};

/**
 * One number for all axes, one per axis, or a pair per axis; for a single axis,
 * a pair.
 */
function widthsOf(
  config: LayerConfig,
  key: string,
  axes: SpatialAxes,
): readonly Widths[] {
  const value = config.raw(key);
  const list: unknown[] = axes === 1
    ? [value]
    : Array.isArray(value)
    ? value
    : Array(axes).fill(value);
  const widths = list.map((entry) =>
    Array.isArray(entry) ? entry : [entry, entry]
  );
  const isRight = widths.length === axes &&
    widths.every((pair) =>
      pair.length === 2 &&
      pair.every((n) => Number.isSafeInteger(n) && n >= 0)
    );
  if (isRight) return widths as unknown as Widths[];
  const rule =
    `be numbers of positions, from 0 up, at the start and end of ${axes} axes`;
  throw wrongOption(config, key, rule);
}

/** Factories of this family. */
export const PADDING_AND_CROPPING_LAYERS: FactoryTable = Object.freeze({
  ...forAxes([1, 2, 3], cropping, "Cropping#D"),
  ...forAxes([1, 2, 3], zeroPadding, "ZeroPadding#D"),
});
