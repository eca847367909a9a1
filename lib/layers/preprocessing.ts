/**
 * Layers that prepare data inside the model.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * Rescaling: `x · scale + offset`; both may be lists along the last axis.
 *
 * Source: Keras 3.15 `Rescaling`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function rescaling(config: LayerConfig): Layer {
  const scale = numbers(config, "scale", 1);
  const offset = numbers(config, "offset", 0);
  return {
    weights: [],
    call: (ops, [x]) => [
      ops.add(
        ops.multiply(ops.float(x!), row(ops, scale)),
        row(ops, offset),
      ),
    ],
  };
}

/**
 * Normalization: `(x − mean) / max(sqrt(variance), 1e-7)` by statistics of the
 * training data, kept as weights or written in the config; or its inverse.
 *
 * Source: Keras 3.15 `Normalization`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function normalization(config: LayerConfig): Layer {
  const isInverse = config.boolean("invert", false);
  const given = config.raw("mean") !== null && config.raw("mean") !== undefined;
  const mean = given ? numbers(config, "mean", 0) : undefined;
  const variance = given ? numbers(config, "variance", 1) : undefined;
  if (!given) config.raw("variance");
  const axis = config.raw("axis");
  const axes = axis === null ? [] : [axis ?? -1].flat() as number[];
  return {
    weights: given ? [] : ["mean", "variance", "count"],
    call(ops, [x], weights) {
      const value = ops.float(x!);
      const along = (known: readonly number[] | undefined, stored: unknown) =>
        known === undefined
          ? spread(ops, stored as typeof value, value, axes)
          : given && known.length > 1
          ? spread(ops, row(ops, known), value, axes)
          : row(ops, known);
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
 * Resizing: pictures to a height and width, `nearest`, `bilinear` or `bicubic`,
 * stretched or cropped to the ratio.
 *
 * Source: Keras 3.15 `Resizing`; padding to the ratio and antialiasing are
 * refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function resizing(config: LayerConfig): Layer {
  const height = config.number("height");
  const width = config.number("width");
  const interpolation = config.oneOf("interpolation", [
    "bilinear",
    "nearest",
    "bicubic",
  ], "bilinear");
  const crops = config.boolean("crop_to_aspect_ratio", false);
  for (const key of ["pad_to_aspect_ratio", "antialias"]) {
    if (config.boolean(key, false)) refuse(config, key, "be false");
  }
  config.raw("fill_mode"); // of padding to the ratio
  config.raw("fill_value");
  const isFirst = isChannelsFirst(config);
  return {
    weights: [],
    channels: isFirst ? "first" : "last",
    call(ops, [x]) {
      const map = ops.float(isFirst ? ops.transpose(x!, [0, 2, 3, 1]) : x!);
      const part = crops ? cropped(ops, map, height / width, config) : map;
      const sized = ops.resize(part, [height, width], interpolation);
      return [isFirst ? ops.transpose(sized, [0, 3, 1, 2]) : sized];
    },
  };
}

/**
 * CenterCrop: the middle of a picture.
 *
 * Source: Keras 3.15 `CenterCrop`; a picture smaller than the crop, which Keras
 * enlarges, is refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function centerCrop(config: LayerConfig): Layer {
  const height = config.number("height");
  const width = config.number("width");
  const isFirst = isChannelsFirst(config);
  return {
    weights: [],
    channels: isFirst ? "first" : "last",
    call(ops, [x]) {
      const shape = ops.shape(x!);
      const [rows, columns] = isFirst ? [2, 3] : [1, 2];
      const range = (axis: number, size: number) => {
        const all = shape[axis];
        if (all === null || all === undefined || all < size) {
          return refuse(
            config,
            axis === rows ? "height" : "width",
            `be at most the picture's, ${all}`,
          );
        }
        const start = Math.floor((all - size) / 2);
        return { axis, start, stop: start + size };
      };
      return [ops.slice(x!, [range(rows!, height), range(columns!, width)])];
    },
  };
}

/**
 * CategoryEncoding: whole numbers as one-hot rows, or as one row that says
 * which of them occur.
 *
 * Source: Keras 3.15 `CategoryEncoding`; counts are refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function categoryEncoding(config: LayerConfig): Layer {
  const size = config.number("num_tokens");
  const mode = config.oneOf(
    "output_mode",
    ["multi_hot", "one_hot"],
    "multi_hot",
  );
  if (config.boolean("sparse", false)) refuse(config, "sparse", "be false");
  return {
    weights: [],
    call(ops, [x]) {
      const encoded = ops.oneHot(ops.cast(x!, "int32"), size);
      const rank = ops.shape(x!).length;
      if (mode === "multi_hot") {
        return [rank === 1 ? encoded : ops.max(encoded, { axis: rank - 1 })];
      }
      const isColumn = ops.shape(x!).at(-1) === 1 && rank > 1;
      return [isColumn ? ops.squeeze(encoded, rank - 1) : encoded];
    },
    masks: () => [],
  };
}

/**
 * Discretization: the number of the bin that a value falls in; a value at a
 * boundary falls in the bin above.
 *
 * Source: Keras 3.15 `Discretization` with `output_mode="int"`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function discretization(config: LayerConfig): Layer {
  const boundaries = numbers(config, "bin_boundaries", NaN);
  if (boundaries.some(Number.isNaN)) {
    refuse(config, "bin_boundaries", "be known: adapt the layer before saving");
  }
  config.oneOf("output_mode", ["int"], "int");
  config.raw("num_bins");
  config.raw("epsilon"); // of how the boundaries were found
  if (config.boolean("sparse", false)) refuse(config, "sparse", "be false");
  return {
    weights: [],
    call(ops, [x]) {
      const value = ops.expandDims(ops.float(x!), ops.shape(x!).length);
      const isAbove = ops.greaterEqual(value, row(ops, boundaries));
      return [ops.cast(ops.sum(ops.float(isAbove), { axis: -1 }), "int32")];
    },
    masks: () => [],
  };
}

/** Factories of this family. */
export const PREPROCESSING_LAYERS: Readonly<Record<string, LayerFactory>> =
  Object.freeze({
    Rescaling: rescaling,
    Normalization: normalization,
    Resizing: resizing,
    CenterCrop: centerCrop,
    CategoryEncoding: categoryEncoding,
    Discretization: discretization,
  });

/** One number or a list of them, also nested as NumPy arrays are written. */
function numbers(config: LayerConfig, key: string, fallback: number): number[] {
  const value = config.raw(key) ?? fallback;
  const list = [value].flat(8);
  if (list.every((x) => typeof x === "number")) return list;
  return refuse(config, key, "be numbers");
}

function refuse(config: LayerConfig, key: string, rule: string): never {
  throw new TypeError(
    cannot(
      `read layer "${config.name}"`,
      `"${key}" must ${rule}`,
      config.raw(key),
    ),
  );
}

function isChannelsFirst(config: LayerConfig): boolean {
  return config.oneOf(
    "data_format",
    ["channels_last", "channels_first"],
    "channels_last",
  ) === "channels_first";
}

function row<T>(ops: Ops<T>, values: readonly number[]): T {
  if (values.length === 1) return ops.constant(values[0]!);
  const data = Float32Array.from(values);
  return ops.constant({ data, shape: [data.length], dtype: "float32" });
}

/** Statistics over some axes of `like`, with size 1 along all others. */
function spread<T>(
  ops: Ops<T>,
  values: T,
  like: T,
  axes: readonly number[],
): T {
  const shape = ops.shape(like);
  const at = axes.map((axis) => axis < 0 ? axis + shape.length : axis);
  const sizes = shape.map((size, i) => at.includes(i) ? size! : 1);
  return ops.reshape(values, sizes);
}

/** The largest part of a picture with a ratio of height to width, in its middle. */
function cropped<T>(
  ops: Ops<T>,
  map: T,
  ratio: number,
  config: LayerConfig,
): T {
  const [, height, width] = ops.shape(map);
  if (typeof height !== "number" || typeof width !== "number") {
    return refuse(
      config,
      "crop_to_aspect_ratio",
      "be false where sizes are not known",
    );
  }
  const cropHeight = Math.max(1, Math.min(height, Math.trunc(width * ratio)));
  const cropWidth = Math.max(1, Math.min(width, Math.trunc(height / ratio)));
  const top = Math.trunc((height - cropHeight) / 2);
  const left = Math.trunc((width - cropWidth) / 2);
  return ops.slice(map, [
    { axis: 1, start: top, stop: top + cropHeight },
    { axis: 2, start: left, stop: left + cropWidth },
  ]);
}
