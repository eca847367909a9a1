/**
 * The feature maps of one sample as a figure.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import type { Dataset, FeatureSet } from "../types.ts";
import { featureMapsBlock } from "./view/layer_figures.ts";
import {
  checkFeatureSet,
  findArray,
  type ShownArray,
  shownArrays,
} from "./view/shown_arrays.ts";

/**
 * Settings of {@linkcode featureMaps}.
 *
 * @category Figures
 */
export interface FeatureMapsOptions extends FigureOptions {
  /** The layer. Default: the last one that outputs feature maps. */
  readonly layer?: string;
  /**
   * Index of the sample, from 0.
   *
   * @default {0}
   */
  readonly sample?: number;
  /** Indices of the channels, from 0, in this order. Default: the first 64. */
  readonly channels?: readonly number[];
  /**
   * `"layer"`: one colour range for all channels of the layer; `"each"`: a
   * separate range per channel.
   *
   * @default {"layer"}
   */
  readonly scale?: "layer" | "each";
  /**
   * The dataset that the set was computed from: the sample's image is drawn
   * before its feature maps.
   */
  readonly images?: Dataset;
}

const ACTION = "draw feature maps";

/**
 * Draws the feature maps of one sample, one image per channel, with the
 * smallest and the largest value under each.
 *
 * Shows which parts of an image a channel responds to. With one colour range,
 * the channels that respond most stand out; `scale: "each"` also shows the
 * pattern of weak channels. Large feature maps are averaged over blocks, with a
 * note.
 *
 * @param set A feature set with a layer of feature maps, `[N, H, W, D]` or
 * `[N, D, H, W]`; of volumes, `[N, Z, H, W, D]` or `[N, D, Z, H, W]`, the
 * middle slice is drawn.
 * @param options Layer, sample and channels.
 * @returns A figure that shows itself; it is computed when it is shown.
 * @throws {TypeError} If the argument is not a feature set, or contains no
 * feature maps.
 * @throws {RangeError} If there is no such layer, sample or channel.
 *
 * @example Two channels of a sample
 * ```ts
 * import { featureMaps, featureSet, show } from "@sonde/sonde";
 *
 * const data = Float32Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => i % 7);
 * const conv = { data, shape: [2, 4, 4, 3], dtype: "float32" } as const;
 * const set = featureSet({ features: [conv], layerNames: ["conv"] });
 * await show(featureMaps(set, { layer: "conv", sample: 1, channels: [0, 2] }));
 * ```
 *
 * @category Figures
 */
export function featureMaps(
  set: FeatureSet,
  options: FeatureMapsOptions = {},
): Figure {
  checkFeatureSet(set, ACTION);
  checkOptions(options, ACTION, [
    ...["layer", "sample", "channels", "scale", "images"],
    ...FIGURE_OPTIONS,
  ]);
  const { layer, sample = 0, channels, scale = "layer", images, ...frame } =
    options;
  checkInteger(sample, ACTION, "sample", 0);
  checkOneOf(scale, ACTION, "scale", ["layer", "each"]);
  checkAwaited(images, ACTION, `"images"`);
  const shown = mapsOf(set, layer);
  const count = shown.array.shape[0]!;
  if (sample >= count) {
    const rule = `"sample" must be below the ${count} samples of the set`;
    throw new RangeError(cannot(ACTION, rule, sample));
  }
  const block = featureMapsBlock(set, shown, {
    sample,
    scale,
    ...(channels === undefined ? {} : { channels }),
    ...(images === undefined ? {} : { images }),
  });
  return makeFigure({ ...block, options: frame });
}

function mapsOf(set: FeatureSet, layer: string | undefined): ShownArray {
  const arrays = shownArrays(set);
  const lastOf = (rank: number) =>
    arrays.findLast(({ array }) => array.shape.length === rank);
  const found = layer === undefined
    ? lastOf(4) ?? lastOf(5)
    : findArray(arrays, layer);
  const rank = found?.array.shape.length;
  if (found !== undefined && (rank === 4 || rank === 5)) return found;
  const rule = `${found?.title ?? "a layer of the set"} must have rank 4 or 5`;
  const value = found === undefined
    ? arrays.map(({ array }) => array.shape)
    : found.array.shape;
  const hint = arrays.length === 0 || rank !== undefined && rank > 3
    ? undefined
    : "heatMap() draws layers of rank 2 and 3";
  throw new TypeError(cannot(ACTION, rule, value, hint));
}
