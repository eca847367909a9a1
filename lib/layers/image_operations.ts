/**
 * Operations of `keras.ops.image`.
 *
 * Source: Keras 3.15 `keras.ops.image` on TensorFlow.
 *
 * @module
 */
import { projectedImages } from "./_warps.ts";
import type { Ops } from "../ops/ops.ts";
import { hsvToRgb, rgbToHsv } from "./_colors.ts";
import { INTERPOLATIONS, resizedImages } from "./_image_resizing.ts";
import { fromChannelsLast, patchesOf, toChannelsLast } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import { channelsOfCall, paddingOfCall } from "./neural_operations.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, knownSize, rank } from "./operation_forms.ts";

/** A computation over images `[N, H, W, D]`, channels last. */
export function onImages<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  compute: (images: T) => T,
): T {
  const x = args.tensor("images");
  if (rank(ops, x) !== 4) args.refuse("images", "have 4 axes");
  const channels = channelsOfCall(args);
  return fromChannelsLast(
    ops,
    compute(toChannelsLast(ops, x, channels)),
    channels,
  );
}

/** Reads an interpolation by its name, in any case. */
export function interpolationOf<T>(
  args: Arguments<T>,
  key: string,
): typeof INTERPOLATIONS[number] {
  const wanted = args.string(key, "bilinear").toLowerCase();
  return INTERPOLATIONS.find((name) => name === wanted) ??
    args.refuse(key, `be one of ${INTERPOLATIONS.join(", ")}`);
}

/** Resizes, as in `keras.ops.image.resize` and `tf.image.resize`. */
const resize: Compute = (ops, args) => {
  const size = args.ints("size");
  if (size.length !== 2) args.refuse("size", "be a height and a width");
  const interpolation = interpolationOf(args, "interpolation");
  args.refuseUnless("fill_mode", "constant");
  const pads = args.boolean("pad_to_aspect_ratio", false);
  const crops = args.boolean("crop_to_aspect_ratio", false);
  return onImages(ops, args, (images) =>
    resizedImages(ops, images, {
      name: args.name,
      size: [size[0]!, size[1]!],
      interpolation,
      antialias: args.boolean("antialias", false),
      ratio: pads ? "pad" : crops ? "crop" : "stretch",
      fillValue: args.number("fill_value", 0),
    }));
};

/**
 * Numbers of positions at the four sides; one of each two may be inferred from
 * the size.
 */
function sides<T>(
  ops: Ops<T>,
  images: T,
  args: Arguments<T>,
  what: "cropping" | "padding",
): [number, number][] {
  return [["top", "bottom", "height"], ["left", "right", "width"]].map(
    ([before, after, size], i): [number, number] => {
      const read = (key: string) =>
        args.has(key) ? args.number(key) : undefined;
      let start = read(`${before}_${what}`);
      let end = read(`${after}_${what}`);
      const target = read(`target_${size}`);
      if (target !== undefined) {
        const difference = target - knownSize(ops, images, i + 1, args.name);
        const all = what === "padding" ? difference : -difference;
        if (start === undefined && end === undefined) {
          args.refuse(`${before}_${what}`, "be there, or the other side");
        }
        start ??= all - end!;
        end ??= all - start;
      }
      if (start === undefined || end === undefined || start < 0 || end < 0) {
        return args.refuse(`${before}_${what}`, "be known, and 0 at least");
      }
      return [start, end];
    },
  );
}

/** Luma of red, green and blue; integers are truncated. */
const grayscale: Compute = (ops, args) =>
  onImages(ops, args, (images) => {
    const depth = knownSize(ops, images, 3, args.name);
    if (depth === 1) return images;
    if (depth !== 3) args.refuse("images", "have 3 channels");
    const weights = constantOf(ops, [0.2989, 0.587, 0.114], "float32", [3, 1]);
    const gray = ops.matmul(ops.float(images), weights);
    return ops.cast(gray, ops.dtype(images));
  });

// ---- transforms ----

/** Maps a coordinate outside an axis to one inside. */
function inside(at: number, size: number, mode: string): number {
  const last = size - 1;
  if (mode === "nearest") return Math.min(Math.max(at, 0), last);
  if (mode === "constant") return at;
  let x = at;
  if (mode === "reflect") {
    if (size <= 1) return 0;
    const period = 2 * size;
    if (x < 0) {
      if (x < period) x += period * Math.trunc(-x / period);
      x = x < -size ? x + period : -x - 1;
    } else if (x > last) {
      x -= period * Math.trunc(x / period);
      if (x >= size) x = period - x - 1;
    }
  } else {
    if (size <= 1) return 0;
    if (x < 0) x += size * (Math.trunc(-x / last) + 1);
    else if (x > last) x -= size * Math.trunc(x / last);
  }
  return Math.min(Math.max(x, 0), last);
}

/** A projective transform, equal for all images. */
const affineTransform: Compute = (ops, args) => {
  const mode = args.string("fill_mode", "constant");
  const kind = args.string("interpolation", "bilinear");
  if (!/^(constant|nearest|reflect|wrap)$/.test(mode)) {
    args.refuse("fill_mode", "be constant, nearest, reflect or wrap");
  }
  if (kind !== "bilinear" && kind !== "nearest") {
    args.refuse("interpolation", "be bilinear or nearest");
  }
  const fill = args.number("fill_value", 0);
  if (args.isTensor("transform")) {
    const transforms = ops.float(args.tensor("transform"));
    if (rank(ops, transforms) !== 2) {
      args.refuse("transform", "be 8 numbers, or 8 for each image");
    }
    return onImages(
      ops,
      args,
      (images) =>
        projectedImages(ops, images, transforms, {
          mode: mode as "constant",
          interpolation: kind as "bilinear",
          fill,
          name: args.name,
        }),
    );
  }
  const raw = args.constant("transform");
  if (raw.data.some((value, i) => value !== raw.data[i % 8])) {
    return args.refuse("transform", "be 8 numbers, the same for all images");
  }
  return onImages(ops, args, (images) => {
    const [height, width] = [1, 2].map((axis) =>
      knownSize(ops, images, axis, args.name)
    ) as [number, number];
    const points = sourcePoints([...raw.data.slice(0, 8)], height, width, mode);
    const taps = kind === "nearest"
      ? [points.map(([y, x]): Tap => [awayFromZero(y), awayFromZero(x), 1])]
      : [0, 1, 2, 3].map((corner) => points.map((p) => cornerOf(p, corner)));
    const flat = ops.merge(images, 1, 2); // [N, H · W, D]
    const parts = taps.map((tap) =>
      gathered(ops, flat, tap, { height, width, fill })
    );
    const sum = parts.reduce((a, b) => ops.add(a, b));
    const typed = ops.cast(sum, ops.dtype(images));
    return ops.unmerge(typed, 1, [height, width]);
  });
};

type Tap = readonly [y: number, x: number, weight: number];

/** The source coordinates of each pixel, in row-major order. */
function sourcePoints(
  t: readonly number[],
  height: number,
  width: number,
  mode: string,
): [number, number][] {
  return Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const scale = Math.fround(t[6]! * x + t[7]! * y + 1);
    const at = (a: number, b: number, c: number) =>
      Math.fround(Math.fround(a * x + b * y + c) / scale);
    return [
      inside(at(t[3]!, t[4]!, t[5]!), height, mode),
      inside(at(t[0]!, t[1]!, t[2]!), width, mode),
    ];
  });
}

function awayFromZero(x: number): number {
  return Math.sign(x) * Math.round(Math.abs(x));
}

function cornerOf([y, x]: readonly [number, number], corner: number): Tap {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, along] = [y - top, x - left];
  const isLow = corner >= 2;
  const isRight = corner % 2 === 1;
  return [
    isLow ? top + 1 : top,
    isRight ? left + 1 : left,
    (isLow ? down : 1 - down) * (isRight ? along : 1 - along),
  ];
}

/** Weighted sum of pixels; pixels outside have the fill value. */
function gathered<T>(
  ops: Ops<T>,
  flat: T,
  taps: readonly Tap[],
  { height, width, fill }: { height: number; width: number; fill: number },
): T {
  const isIn = ([y, x]: Tap) => y >= 0 && y < height && x >= 0 && x < width;
  const indices = taps.map((tap) => isIn(tap) ? tap[0] * width + tap[1] : 0);
  const shape = [taps.length, 1];
  const inner = taps.map((tap) => isIn(tap) ? tap[2] : 0);
  const outer = taps.map((tap) => isIn(tap) ? 0 : tap[2] * fill);
  const values = ops.float(
    ops.take(flat, constantOf(ops, indices, "int32"), 1),
  );
  return ops.add(
    ops.multiply(values, constantOf(ops, inner, "float32", shape)),
    constantOf(ops, outer, "float32", shape),
  );
}

/** Factories by name. */
export const IMAGE_OPERATIONS: FactoryTable = operations({
  "Resize(images, size, interpolation, antialias, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode, fill_value, data_format)":
    resize,
  "RGBToHSV(images, data_format)": (ops, args) =>
    onImages(ops, args, (images) => rgbToHsv(ops, images, args.name)),
  "HSVToRGB(images, data_format)": (ops, args) =>
    onImages(ops, args, (images) => hsvToRgb(ops, images, args.name)),
  "ExtractPatches(images, size, strides, dilation_rate, padding, data_format)":
    (ops, args) => {
      const axes = rank(ops, args.tensor("images")) === 5 ? 3 : 2;
      const each = (key: string) => {
        const value = args.ints(key);
        if (value.length === 1) return Array<number>(axes).fill(value[0]!);
        if (value.length === axes) return value;
        return args.refuse(key, `be one number, or ${axes}`);
      };
      const channels = channelsOfCall(args);
      const images = toChannelsLast(ops, args.tensor("images"), channels);
      if (rank(ops, images) !== axes + 2) {
        args.refuse("images", "have 4 axes, or 5");
      }
      const patches = patchesOf(ops, images, {
        size: each("size"),
        strides: args.has("strides") ? each("strides") : each("size"),
        dilation: args.has("dilation_rate")
          ? each("dilation_rate")
          : Array<number>(axes).fill(1),
        padding: paddingOfCall(args),
      }, args.name);
      return fromChannelsLast(ops, patches, channels);
    },
  "RGBToGrayscale(images, data_format)": grayscale,
  "CropImages(images, top_cropping, bottom_cropping, left_cropping, right_cropping, target_height, target_width, data_format)":
    (ops, args) =>
      onImages(ops, args, (images) =>
        ops.slice(
          images,
          sides(ops, images, args, "cropping").map(([start, end], i) => ({
            axis: i + 1,
            start,
            ...(end === 0 ? {} : { stop: -end }),
          })),
        )),
  "PadImages(images, top_padding, bottom_padding, left_padding, right_padding, target_height, target_width, data_format)":
    (ops, args) =>
      onImages(ops, args, (images) =>
        ops.pad(images, [
          [0, 0],
          ...sides(ops, images, args, "padding"),
          [0, 0],
        ])),
  "AffineTransform(images, transform, interpolation, fill_mode, fill_value, data_format)":
    affineTransform,
  "tf.image.resize(images, size, method:interpolation, preserve_aspect_ratio, antialias)":
    (ops, args) => {
      args.refuseUnless("preserve_aspect_ratio", false);
      return resize(ops, args);
    },
  "tf.image.rgb_to_grayscale(images)": (ops, args) => {
    // TensorFlow keeps the precision of the weights.
    if (ops.dtype(args.tensor("images")) !== "float32") {
      args.refuse("images", "be floats");
    }
    return grayscale(ops, args);
  },
});
