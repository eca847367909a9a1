/**
 * Resizing of images as in Keras on TensorFlow: any interpolation, with
 * antialiasing, cropped or padded to the aspect ratio.
 *
 * `nearest`, `bilinear` and `bicubic` are those of {@linkcode Ops}; the others,
 * and antialiasing, are products with a matrix of weights for each axis, whose
 * input size must be known.
 *
 * Source: Keras 3.15 `backend/tensorflow/image.py`; TensorFlow 2.21
 * `scale_and_translate_op.cc`, `sampling_kernels.h`, `resize_area_op.cc`.
 *
 * @module
 */
import { cubicKernel } from "../ops/interpolation.ts";
import type { Ops } from "../ops/ops.ts";
import { wrongCall } from "./_checks.ts";

/** Interpolations that Keras knows; the last two are in Keras 2 alone. */
export const INTERPOLATIONS = [
  "bilinear",
  "nearest",
  "bicubic",
  "lanczos3",
  "lanczos5",
  "area",
  "gaussian",
  "mitchellcubic",
] as const;

/** Options of resizing. */
export interface ResizingOptions {
  /** The layer's or operation's name, for messages. */
  readonly name: string;
  readonly size: readonly [height: number, width: number];
  readonly interpolation: typeof INTERPOLATIONS[number];
  readonly antialias: boolean;
  /** Whether to crop or pad first if the aspect ratio differs. */
  readonly ratio: "stretch" | "crop" | "pad";
  /** The padding value. */
  readonly fillValue: number;
}

/**
 * Resizes images.
 *
 * @param ops The engine's operations.
 * @param images `[N, H, W, D]`.
 * @param options Size and interpolation.
 * @returns `[N, height, width, D]`.
 * @throws {TypeError} If a required size is unknown.
 */
export function resizedImages<T>(
  ops: Ops<T>,
  images: T,
  options: ResizingOptions,
): T {
  const { size, interpolation, antialias, ratio } = options;
  const x = ratio === "stretch" ? images : toRatio(ops, images, options);
  const isPlain = interpolation === "nearest" ||
    (interpolation === "bilinear" || interpolation === "bicubic") && !antialias;
  if (isPlain) return ops.resize(x, size, interpolation);
  const [rows, columns] = imageSizes(ops, x, options.name);
  const weights = (before: number, after: number) =>
    ops.constant({
      data: weightMatrix(before, after, interpolation, antialias),
      shape: [after, before],
      dtype: "float32",
    });
  // These two kernels blur an axis also if its size does not change.
  const blurs = interpolation === "gaussian" ||
    interpolation === "mitchellcubic";
  const tall = rows === size[0] && !blurs
    ? ops.float(x)
    : ops.einsum("nhwc,yh->nywc", ops.float(x), weights(rows, size[0]));
  return columns === size[1] && !blurs
    ? tall
    : ops.einsum("nywc,xw->nyxc", tall, weights(columns, size[1]));
}

/**
 * Height and width of images.
 *
 * @param ops The engine's operations.
 * @param x `[N, H, W, D]`.
 * @param name The layer or operation, for messages.
 * @returns The sizes.
 * @throws {TypeError} If one is unknown.
 */
export function imageSizes<T>(
  ops: Ops<T>,
  x: T,
  name: string,
): [height: number, width: number] {
  const [, height, width] = ops.shape(x);
  if (typeof height === "number" && typeof width === "number") {
    return [height, width];
  }
  const rule = "height and width of its images must be known";
  throw wrongCall(name, rule, ops.shape(x));
}

/** Crops or pads images to the aspect ratio of the size. */
function toRatio<T>(
  ops: Ops<T>,
  x: T,
  { name, size, ratio, fillValue }: ResizingOptions,
): T {
  const sizes = imageSizes(ops, x, name);
  const wanted = [0, 1].map((i) =>
    Math.trunc(
      Math.fround(Math.fround(sizes[1 - i]! * size[i]!) / size[1 - i]!),
    )
  );
  if (ratio === "crop") {
    return ops.slice(
      x,
      sizes.map((all, i) => {
        const part = Math.max(Math.min(all, wanted[i]!), 1);
        const start = Math.trunc((all - part) / 2);
        return { axis: i + 1, start, stop: start + part };
      }),
    );
  }
  const padding = sizes.map((all, i): [number, number] => {
    const border = Math.trunc((Math.max(all, wanted[i]!) - all) / 2);
    return [border, border];
  });
  return ops.pad(x, [[0, 0], ...padding, [0, 0]], fillValue);
}

/**
 * Weights of the input positions for each output position, `[after, before]`.
 */
function weightMatrix(
  before: number,
  after: number,
  interpolation: typeof INTERPOLATIONS[number],
  antialias: boolean,
): Float32Array<ArrayBuffer> {
  const data = new Float32Array(after * before);
  const inverse = Math.fround(before / after);
  for (let i = 0; i < after; i++) {
    const row = data.subarray(i * before, (i + 1) * before);
    if (interpolation === "area") areaRow(row, i, inverse);
    else kernelRow(row, i, inverse, interpolation, antialias);
  }
  return data;
}

/**
 * Weights of area interpolation: the part of each input position that the
 * output position covers.
 */
function areaRow(row: Float32Array, i: number, scale: number): void {
  const [start, end] = [Math.fround(i * scale), Math.fround((i + 1) * scale)];
  for (let at = Math.floor(start); at < end && at < row.length; at++) {
    const covered = Math.min(at + 1, end) - Math.max(at, start);
    row[at] = covered / scale;
  }
}

/** A kernel around the input position of the output; weights sum to 1. */
function kernelRow(
  row: Float32Array,
  i: number,
  inverse: number,
  interpolation: string,
  antialias: boolean,
): void {
  const { radius, kernel } = KERNELS[interpolation]!;
  const scale = antialias ? Math.max(inverse, 1) : 1;
  const center = Math.fround((i + 0.5) * inverse);
  const first = Math.max(Math.ceil(center - radius * scale - 0.5), 0);
  const last = Math.min(
    Math.floor(center + radius * scale - 0.5),
    row.length - 1,
  );
  let sum = 0;
  for (let at = first; at <= last; at++) {
    row[at] = kernel((at + 0.5 - center) / scale);
    sum += row[at]!;
  }
  for (let at = first; at <= last; at++) row[at]! /= sum;
}

/** Weights by the distance from the centre, and the radius within which they are not 0. */
export const KERNELS: Readonly<
  Record<string, { radius: number; kernel: (x: number) => number }>
> = {
  bilinear: { radius: 1, kernel: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { radius: 2, kernel: cubicKernel },
  lanczos3: { radius: 3, kernel: (x) => lanczos(x, 3) },
  lanczos5: { radius: 5, kernel: (x) => lanczos(x, 5) },
  // Of standard deviation 0.5, cut at three of them.
  gaussian: {
    radius: 1.5,
    kernel: (x) => Math.abs(x) < 1.5 ? Math.exp(-2 * x * x) : 0,
  },
  mitchellcubic: { radius: 2, kernel: mitchellCubic },
};

function lanczos(x: number, radius: number): number {
  const size = Math.abs(x);
  if (size > radius) return 0;
  if (size <= 1e-3) return 1;
  return radius * Math.sin(Math.PI * x) * Math.sin(Math.PI * x / radius) /
    (Math.PI * Math.PI * x * x);
}

/** Mitchell and Netravali's kernel with `B = C = 1/3`. */
function mitchellCubic(at: number): number {
  const x = Math.abs(at);
  if (x >= 2) return 0;
  return x >= 1
    ? ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    : (7 / 6 * x - 2) * x * x + 8 / 9;
}
