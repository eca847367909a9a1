/**
 * Preprocessing layers.
 *
 * @module
 */
import { passThrough } from "./regularization.ts";
import { tensorArgument } from "./_arguments.ts";
import { encoded } from "./_encodings.ts";
import {
  imageSizes,
  INTERPOLATIONS,
  resizedImages,
} from "./_image_resizing.ts";
import type { Ops } from "../ops/ops.ts";
import type { NdArray } from "../types.ts";
import {
  checkRank,
  checkWeight,
  readSparse,
  wrongCall,
  wrongOption,
} from "./_checks.ts";
import {
  fromChannelsLast,
  noMasks,
  readChannels,
  toChannelsLast,
} from "./_maps.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";

/**
 * Rescaling: `x · scale + offset`; both may be lists along the last axis.
 *
 * Source: Keras 3.15 `Rescaling`; in Keras 2 it does not pass on masks.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function rescaling(config: LayerConfig): Layer {
  const scale = numbers(config, "scale", 1);
  const offset = numbers(config, "offset", 0);
  return {
    weights: [],
    keepsAxes: true,
    takesIntegersAsTfjs: true,
    call: (ops, [x]) => [
      ops.add(
        ops.multiply(ops.float(x!), ops.constant(scale)),
        ops.constant(offset),
      ),
    ],
    ...(config.dialect === 3 ? {} : { masks: noMasks }),
  };
}

/**
 * Normalization: `(x − mean) / max(sqrt(variance), 1e-7)` with statistics of
 * the training data, stored as weights or in the config; or its inverse.
 *
 * Source: Keras 3.15 `Normalization`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function normalization(config: LayerConfig): Layer {
  const isInverse = config.boolean("invert", false);
  const isPassed = isSet(config.raw("mean"));
  if (isPassed !== isSet(config.raw("variance"))) {
    throw wrongOption(config, "variance", 'be set if, and only if, "mean" is');
  }
  const mean = isPassed ? numbers(config, "mean") : undefined;
  const variance = isPassed ? numbers(config, "variance") : undefined;
  const axis = config.raw("axis");
  const axes = axis === null ? [] : [axis ?? -1].flat();
  if (!axes.every(Number.isSafeInteger)) {
    throw wrongOption(config, "axis", "be one axis, several, or null");
  }
  return {
    weights: isPassed ? [] : ["mean", "variance", "count"],
    keepsAxes: true,
    call(ops, [x], weights) {
      const value = ops.float(x!);
      for (const [name, weight] of Object.entries(weights)) {
        const sizes = name === "count" ? [] : sizesAlong(
          ops.shape(value),
          axes as number[],
        );
        checkWeight(config.name, name, ops.shape(weight), sizes);
      }
      const along = (known: HostNumbers | undefined, stored?: typeof value) =>
        known === undefined
          ? spread(ops, stored!, value, axes as number[])
          : spread(ops, ops.constant(known), value, axes as number[]);
      const middle = along(mean, weights.mean);
      const root = ops.sqrt(along(variance, weights.variance));
      const width = ops.maximum(root, ops.constant(1e-7));
      return isInverse
        ? [ops.add(middle, ops.multiply(value, width))]
        : [ops.divide(ops.subtract(value, middle), width)];
    },
  };
}

/**
 * Resizing: images to a height and width by any interpolation of Keras,
 * stretched, cropped or padded to the ratio.
 *
 * Source: Keras 3.15 `Resizing` on TensorFlow, which returns integers for
 * integers, unlike Keras 2.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function resizing(config: LayerConfig): Layer {
  const height = config.number("height");
  const width = config.number("width");
  const interpolation = config.oneOf(
    "interpolation",
    INTERPOLATIONS,
    "bilinear",
  );
  const crops = config.boolean("crop_to_aspect_ratio", false);
  const pads = config.boolean("pad_to_aspect_ratio", false);
  const antialias = config.boolean("antialias", false);
  config.oneOf("fill_mode", ["constant"], "constant");
  const fillValue = config.number("fill_value", 0);
  const channels = readChannels(config);
  return {
    weights: [],
    channels,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 4);
      const map = ops.float(toChannelsLast(ops, x!, channels));
      const sized = resizedImages(ops, map, {
        name: config.name,
        size: [height, width],
        interpolation,
        antialias,
        ratio: crops ? "crop" : pads ? "pad" : "stretch",
        fillValue,
      });
      const isWhole = ops.dtype(x!) === "int32" && config.dialect === 3;
      const typed = isWhole ? ops.cast(ops.round(sized), "int32") : sized;
      return [fromChannelsLast(ops, typed, channels)];
    },
    masks: () => [],
  };
}

/**
 * CenterCrop: the centre of an image; an image smaller than the crop is cropped
 * to the crop's aspect ratio and resized.
 *
 * Source: Keras 3.15 `CenterCrop` and `smart_resize`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function centerCrop(config: LayerConfig): Layer {
  const height = config.number("height");
  const width = config.number("width");
  const channels = readChannels(config);
  return {
    weights: [],
    channels,
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 4);
      const map = ops.float(toChannelsLast(ops, x!, channels));
      const all = imageSizes(ops, map, config.name);
      const isLarge = all[0] >= height && all[1] >= width;
      const part = isLarge
        ? middle(ops, map, all, [height, width])
        : smartResized(ops, map, [height, width], config);
      return [fromChannelsLast(ops, part, channels)];
    },
    masks: () => [],
  };
}

/**
 * RandomCrop: Keras 3 crops images only in training, whatever output shape it
 * declares; at inference Keras 2 crops the centre with the crop's aspect ratio
 * and resizes it.
 *
 * Source: Keras 3.15 `RandomCrop`; Keras 2 `smart_resize`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function randomCrop(config: LayerConfig): Layer {
  const size = [config.number("height"), config.number("width")] as const;
  if (config.dialect === 3) return passThrough("data_format")(config);
  return {
    weights: [],
    channels: "last",
    call(ops, [x]) {
      checkRank(config.name, ops.shape(x!), 4);
      return [smartResized(ops, ops.float(x!), size, config)];
    },
    masks: () => [],
  };
}

/**
 * CategoryEncoding: encodes integers as one-hot rows, as one multi-hot row, or
 * as one row of counts.
 *
 * Source: Keras 3.15 `CategoryEncoding`, which sums over axis 1, each number
 * times its weight where the call has `count_weights`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function categoryEncoding(config: LayerConfig): Layer {
  const size = config.number("num_tokens");
  const mode = config.oneOf(
    "output_mode",
    ["multi_hot", "one_hot", "count", "binary"],
    "multi_hot",
  );
  readSparse(config);
  return {
    weights: [],
    call(ops, [raw, second], _weights, context) {
      const x = ops.cast(raw!, "int32");
      const weights = second ??
        tensorArgument(config.name, context, "count_weights");
      if (weights === undefined) {
        return [encoded(ops, x, size, mode, config)];
      }
      const rank = ops.shape(x).length;
      if (mode !== "count" || rank < 2) {
        throw wrongCall(
          config.name,
          `"count_weights" must come with "output_mode" "count" and numbers of 2 axes or more`,
          mode,
        );
      }
      const rows = ops.oneHot(x, size); // [N, …, size]
      const weighted = ops.multiply(
        rows,
        ops.expandDims(ops.float(weights), rank),
      );
      return [ops.sum(weighted, { axis: 1 })];
    },
    masks: () => [],
  };
}

/**
 * Discretization: the index of the bin that contains a value, or its encoding;
 * a value at a boundary is in the bin above, NaN in the last.
 *
 * Source: Keras 3.15 `Discretization`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function discretization(config: LayerConfig): Layer {
  if (!isSet(config.raw("bin_boundaries"))) {
    throw wrongOption(
      config,
      "bin_boundaries",
      "be known: adapt the layer before saving",
    );
  }
  const boundaries = numbers(config, "bin_boundaries");
  const mode = config.oneOf(
    "output_mode",
    ["int", "multi_hot", "one_hot", "count"],
    "int",
  );
  config.raw("num_bins");
  config.raw("epsilon"); // only used to find the boundaries
  readSparse(config);
  return {
    weights: [],
    call(ops, [x]) {
      const value = ops.expandDims(ops.float(x!), ops.shape(x!).length);
      const isBelow = ops.greater(ops.constant(boundaries), value);
      const above = ops.float(ops.logicalNot(isBelow));
      const bin = ops.cast(ops.sum(above, { axis: -1 }), "int32");
      return [
        mode === "int"
          ? bin
          : encoded(ops, bin, boundaries.data.length + 1, mode, config),
      ];
    },
    masks: () => [],
  };
}

/** Factories of this family. */
export const PREPROCESSING_LAYERS: FactoryTable = Object.freeze({
  Rescaling: rescaling,
  Normalization: normalization,
  Resizing: resizing,
  CenterCrop: centerCrop,
  RandomCrop: randomCrop,
  CategoryEncoding: categoryEncoding,
  Discretization: discretization,
});

/** Numbers of a config, with their shape. */
type HostNumbers = NdArray<Float32Array>;

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** One number or nested lists of them; Keras wraps arrays of NumPy. */
function numbers(
  config: LayerConfig,
  key: string,
  fallback?: number,
): HostNumbers {
  const written = config.raw(key) ?? fallback;
  const array = written as { config?: { value?: unknown } } | null | undefined;
  const value = array?.config?.value ?? written;
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = at[0]) {
    shape.push(at.length);
  }
  const list = [value].flat(shape.length);
  const size = shape.reduce((product, n) => product * n, 1);
  if (list.length === size && list.every((x) => typeof x === "number")) {
    return { data: Float32Array.from(list), shape, dtype: "float32" };
  }
  throw wrongOption(config, key, "be numbers");
}

/** The sizes of some axes, in the order of the axes. */
function sizesAlong(
  shape: readonly (number | null)[],
  axes: readonly number[],
): (number | null)[] {
  return axes.map((axis) => axis < 0 ? axis + shape.length : axis)
    .sort((a, b) => a - b).map((axis) => shape[axis]!);
}

/**
 * Statistics over some axes of `like`, with size 1 along all others. Statistics
 * of fewer axes are along the last of them, as in NumPy.
 */
function spread<T>(
  ops: Ops<T>,
  values: T,
  like: T,
  axes: readonly number[],
): T {
  const rank = ops.shape(like).length;
  const at = axes.map((axis) => axis < 0 ? axis + rank : axis)
    .sort((a, b) => a - b);
  const sizes = ops.shape(values);
  const shape = Array.from({ length: rank }, () => 1);
  const first = at.length - sizes.length;
  sizes.forEach((size, i) => {
    const axis = at[first + i];
    if (axis !== undefined) shape[axis] = size!;
  });
  return ops.reshape(values, shape);
}

/**
 * Crops the largest centred part of an image with the aspect ratio of a size,
 * and resizes it.
 */
function smartResized<T>(
  ops: Ops<T>,
  map: T,
  size: readonly [height: number, width: number],
  config: LayerConfig,
): T {
  const [rows, columns] = imageSizes(ops, map, config.name);
  const height = Math.trunc((columns * size[0]) / size[1]);
  const width = Math.trunc((rows * size[1]) / size[0]);
  const part = middle(ops, map, [rows, columns], [
    Math.max(1, Math.min(rows, height)),
    Math.max(1, Math.min(columns, width)),
  ]);
  return ops.resize(part, size, "bilinear");
}

/**
 * Crops the centre of images `[N, H, W, D]`; an odd margin is one position
 * smaller at the start.
 */
function middle<T>(
  ops: Ops<T>,
  map: T,
  all: readonly [height: number, width: number],
  part: readonly [height: number, width: number],
): T {
  return ops.slice(
    map,
    part.map((size, i) => {
      const start = Math.floor((all[i]! - size) / 2);
      return { axis: i + 1, start, stop: start + size };
    }),
  );
}
