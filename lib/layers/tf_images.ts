/**
 * Functions of `tf.image`, over batches `[N, H, W, D]`.
 *
 * Source: TensorFlow 2.21 `image_ops_impl.py`.
 *
 * @module
 */
import { paddingOfCall } from "./neural_operations.ts";
import { interpolationOf } from "./image_operations.ts";
import { rotated90 } from "./shape_operations.ts";
import { clip } from "./activations.ts";
import type { Ops } from "../ops/ops.ts";
import { channelsOfImages, hsvToRgb, rgbToHsv } from "./_colors.ts";
import { imageSizes, resizedImages } from "./_image_resizing.ts";
import { patchesOf } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, knownSize, rank, variance } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

type Change = <T>(ops: Ops<T>, images: T, args: Arguments<T>) => T;

/** Cuts rows and columns out of images. */
function cropped<T>(
  ops: Ops<T>,
  images: T,
  args: Arguments<T>,
  starts: readonly number[],
  sizes: readonly number[],
): T {
  const before = imageSizes(ops, images, args.name);
  const isIn = [0, 1].every((i) =>
    starts[i]! >= 0 && sizes[i]! > 0 && starts[i]! + sizes[i]! <= before[i]!
  );
  if (!isIn) args.refuse("target_height", "lie within the images");
  return ops.slice(
    images,
    [0, 1].map((i) => ({
      axis: i + 1,
      start: starts[i]!,
      stop: starts[i]! + sizes[i]!,
    })),
  );
}

/** Pads rows and columns with 0, to a size. */
function padded<T>(
  ops: Ops<T>,
  images: T,
  args: Arguments<T>,
  starts: readonly number[],
  sizes: readonly number[],
): T {
  const before = imageSizes(ops, images, args.name);
  const widths = [0, 1].map((i): [number, number] => [
    starts[i]!,
    sizes[i]! - before[i]! - starts[i]!,
  ]);
  if (widths.flat().some((width) => width < 0)) {
    args.refuse("target_height", "hold the images");
  }
  return ops.pad(images, [[0, 0], ...widths, [0, 0]]);
}

const centralCrop: Change = (ops, images, args) => {
  const fraction = args.number("central_fraction");
  const sizes = imageSizes(ops, images, args.name);
  const starts = sizes.map((size) => Math.trunc((size - size * fraction) / 2));
  const left = sizes.map((size, i) => size - 2 * starts[i]!);
  return cropped(ops, images, args, starts, left);
};

function inBox(change: typeof cropped): Change {
  return (ops, images, args) => {
    const [top, left, height, width] = [
      "offset_height",
      "offset_width",
      "target_height",
      "target_width",
    ].map((key) => args.number(key));
    return change(ops, images, args, [top!, left!], [height!, width!]);
  };
}

const cropOrPad: Change = (ops, images, args) => {
  const sizes = imageSizes(ops, images, args.name);
  const targets = [args.number("target_height"), args.number("target_width")];
  const away = targets.map((target, i) => target - sizes[i]!);
  const cut = cropped(
    ops,
    images,
    args,
    away.map((by) => Math.max(Math.floor(-by / 2), 0)),
    targets.map((target, i) => Math.min(target, sizes[i]!)),
  );
  const starts = away.map((by) => Math.max(Math.floor(by / 2), 0));
  return padded(ops, cut, args, starts, targets);
};

/** Keeps the ratio of height and width; the padding is 0. */
const resizeWithPad: Change = (ops, images, args) => {
  const sizes = imageSizes(ops, images, args.name);
  const targets = [args.number("target_height"), args.number("target_width")];
  const f = Math.fround;
  const ratio = Math.max(...sizes.map((size, i) => f(size / targets[i]!)));
  const exact = sizes.map((size) => f(size / ratio));
  const [height, width] = exact.map(Math.floor) as [number, number];
  const starts = exact.map((size, i) =>
    Math.max(0, Math.floor(f(f(targets[i]! - size) / 2)))
  );
  const resized = resizedImages(ops, images, {
    name: args.name,
    size: [height, width],
    interpolation: interpolationOf(args, "method"),
    antialias: args.boolean("antialias", false),
    ratio: "stretch",
    fillValue: 0,
  });
  return padded(ops, resized, args, starts, targets);
};

const contrast: Change = (ops, images, args) => {
  const mean = ops.mean(images, { axis: [1, 2], keepdims: true });
  const factor = c(ops, args.number("contrast_factor"));
  const away = ops.multiply(ops.subtract(images, mean), factor);
  return ops.add(away, mean);
};

const standardized: Change = (ops, images, args) => {
  const count = [1, 2, 3].map((axis) => knownSize(ops, images, axis, args.name))
    .reduce((a, b) => a * b);
  const over = { axis: [1, 2, 3], keepdims: true };
  const spread = ops.sqrt(variance(ops, images, over));
  const least = c(ops, 1 / Math.sqrt(count));
  const away = ops.subtract(images, ops.mean(images, over));
  return ops.divide(away, ops.maximum(spread, least));
};

/** Saturation times a factor, or hue plus a part of the circle. */
function inHsv(kind: "saturation" | "hue"): Change {
  return (ops, images, args) => {
    const hsv = rgbToHsv(ops, images, args.name);
    const [hue, saturation, value] = channelsOfImages(ops, hsv, args.name);
    const rotated = () =>
      ops.mod(ops.add(hue, c(ops, 1 + args.number("delta"))), c(ops, 1));
    const bounded = () => {
      const factor = c(ops, args.number("saturation_factor"));
      return clip(ops, ops.multiply(saturation, factor), 0, 1);
    };
    const parts = kind === "hue"
      ? [rotated(), saturation, value]
      : [hue, bounded(), value];
    return hsvToRgb(ops, ops.concatenate(parts, 3), args.name);
  };
}

/** A matrix over the channels. */
function mixed(matrix: readonly number[]): Change {
  return (ops, images) =>
    ops.matmul(images, constantOf(ops, matrix, "float32", [3, 3]));
}

const YUV = [
  ...[0.299, -0.14714119, 0.61497538, 0.587, -0.28886916, -0.51496512],
  ...[0.114, 0.43601035, -0.10001026],
];
const YIQ = [
  ...[0.299, 0.59590059, 0.2115, 0.587, -0.27455667, -0.52273617],
  ...[0.114, -0.32134392, 0.31119955],
];

const patches: Change = (ops, images, args) => {
  const middle = (key: string) => args.ints(key).slice(1, 3);
  return patchesOf(ops, images, {
    size: middle("sizes"),
    strides: middle("strides"),
    dilation: middle("rates"),
    padding: paddingOfCall(args),
  }, args.name);
};

/** Changes of images of any element type. */
const ON_IMAGES: Readonly<Record<string, Change>> = {
  "flip_left_right(image)": (ops, x) => ops.flip(x, [2]),
  "flip_up_down(image)": (ops, x) => ops.flip(x, [1]),
  "transpose(image)": (ops, x) => ops.transpose(x, [0, 2, 1, 3]),
  "rot90(image, k)": (ops, x, args) =>
    rotated90(ops, x, args.number("k", 1), [1, 2]),
  "central_crop(image, central_fraction)": centralCrop,
  "crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width)":
    inBox(cropped),
  "pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width)":
    inBox(padded),
  "resize_with_crop_or_pad(image, target_height, target_width)": cropOrPad,
  "resize_with_pad(image, target_height, target_width, method, antialias)":
    resizeWithPad,
  "grayscale_to_rgb(images)": (ops, x, args) => {
    const depth = knownSize(ops, x, 3, args.name);
    if (depth !== 1) args.refuse("images", "have 1 channel");
    return ops.repeat(x, 3, 3);
  },
  "extract_patches(images, sizes, strides, rates, padding)": patches,
};

/** Changes of images of floats; TensorFlow converts integers to [0, 1] first. */
const ON_FLOATS: Readonly<Record<string, Change>> = {
  "adjust_brightness(image, delta)": (ops, x, args) =>
    ops.add(x, c(ops, args.number("delta"))),
  "adjust_contrast(images, contrast_factor)": contrast,
  "adjust_gamma(image, gamma, gain)": (ops, x, args) =>
    ops.multiply(
      c(ops, args.number("gain", 1)),
      ops.power(x, c(ops, args.number("gamma", 1))),
    ),
  "adjust_saturation(image, saturation_factor)": inHsv("saturation"),
  "adjust_hue(image, delta)": inHsv("hue"),
  "per_image_standardization(image)": standardized,
  "rgb_to_hsv(images)": (ops, x, args) => rgbToHsv(ops, x, args.name),
  "hsv_to_rgb(images)": (ops, x, args) => hsvToRgb(ops, x, args.name),
  "rgb_to_yuv(images)": mixed(YUV),
  "rgb_to_yiq(images)": mixed(YIQ),
};

/** Rows whose computation gets the first parameter as a batch of images. */
function onBatch(
  table: Readonly<Record<string, Change>>,
  isFloat: boolean,
): Record<string, Compute> {
  const rows = Object.entries(table).map(([row, change]) => {
    const [, key] = /\((\w+)/.exec(row)!;
    const compute: Compute = (ops, args) => {
      const images = args.tensor(key!);
      if (rank(ops, images) !== 4) args.refuse(key!, "have 4 axes");
      if (isFloat && ops.dtype(images) !== "float32") {
        args.refuse(key!, "be floats");
      }
      return change(ops, images, args);
    };
    return [row, compute];
  });
  return Object.fromEntries(rows);
}

/** Factories by name. */
export const TF_IMAGES: FactoryTable = operations({
  ...onBatch(ON_IMAGES, false),
  ...onBatch(ON_FLOATS, true),
}, "tf.image.");
