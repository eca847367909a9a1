/**
 * Operations of `keras.ops.image` that weigh neighbouring pixels.
 *
 * Source: Keras 3.15 `keras.ops.image` on TensorFlow.
 *
 * @module
 */
import { channelsOfCall } from "./neural_operations.ts";
import { toChannelsLast } from "./_maps.ts";
import { KERNELS } from "./_image_resizing.ts";
import type { Ops } from "../ops/ops.ts";
import { onImages } from "./image_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, operations } from "./operation.ts";
import {
  constantOf,
  knownSize,
  movedAxis,
  normalizedAxis,
  rank,
  square,
} from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** A Gaussian bell of some size, with sum 1. */
function bell(size: number, sigma: number): number[] {
  const values = Array.from({ length: size }, (_, i) => {
    const away = (i - (size - 1) / 2) / sigma;
    return Math.exp(-0.5 * away * away);
  });
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}

/** The products of two bells, row by row. */
function outer(rows: readonly number[], columns: readonly number[]): number[] {
  return rows.flatMap((a) => columns.map((b) => a * b));
}

/** Convolves each channel of `[N, H, W, D]` with the same kernel. */
function filtered<T>(
  ops: Ops<T>,
  x: T,
  kernel: readonly number[],
  [height, width]: readonly [number, number],
  padding: "same" | "valid",
  name: string,
): T {
  const groups = knownSize(ops, x, -1, name);
  const all = kernel.flatMap((value) => Array<number>(groups).fill(value));
  const shape = [height, width, 1, groups];
  return ops.conv(x, constantOf(ops, all, "float32", shape), {
    strides: [1, 1],
    dilation: [1, 1],
    padding,
    groups,
  });
}

/** Keras writes the kernel of height and width in the order of width first. */
const gaussianBlur: Compute = (ops, args) =>
  onImages(ops, args, (images) => {
    if (ops.dtype(images) !== "float32") args.refuse("images", "be floats");
    const [height, width] = args.ints("kernel_size") as [number, number];
    const sigma = args.raw("sigma") as [number, number];
    const kernel = outer(bell(width, sigma[1]), bell(height, sigma[0]));
    const size = [height, width] as const;
    return filtered(ops, images, kernel, size, "same", args.name);
  });

/** Repeats the rows and columns next to the border outside of it. */
function mirrored<T>(ops: Ops<T>, x: T, name: string): T {
  return [1, 2].reduce((y, axis) => {
    const size = knownSize(ops, x, axis, name);
    const indices = [1, ...Array(size).keys(), size - 2];
    return ops.take(y, constantOf(ops, indices, "int32"), axis);
  }, x);
}

const SOBEL = [-1, -2, -1, 0, 0, 0, 1, 2, 1];

/** Differences down and to the right, along a new last axis. */
function sobelEdges<T>(ops: Ops<T>, images: T, name: string): T {
  const padded = mirrored(ops, ops.float(images), name);
  const across = SOBEL.map((_, i) => SOBEL[i % 3 * 3 + Math.floor(i / 3)]!);
  const edges = [SOBEL, across].map((kernel) =>
    filtered(ops, padded, kernel, [3, 3], "valid", name)
  );
  return ops.stack(edges, 4);
}

const sobel: Compute = (ops, args) => {
  const isFirst = args.raw("data_format") === "channels_first";
  const x = args.tensor("images");
  if (rank(ops, x) !== 4) args.refuse("images", "have 4 axes");
  if (ops.dtype(x) !== "float32") args.refuse("images", "be floats");
  const images = isFirst ? ops.transpose(x, [0, 2, 3, 1]) : x;
  const edges = sobelEdges(ops, images, args.name);
  return isFirst ? ops.transpose(edges, [0, 3, 1, 2, 4]) : edges;
};

/** Structural similarity of two images, averaged over positions and channels. */
export const structuralSimilarity: Compute = (ops, args) => {
  const read = (key: string) => {
    const x = args.tensor(key);
    if (rank(ops, x) !== 4) args.refuse(key, "have 4 axes");
    if (ops.dtype(x) !== "float32") args.refuse(key, "be floats");
    return toChannelsLast(ops, x, channelsOfCall(args));
  };
  const [a, b] = [read("image1"), read("image2")];
  const size = args.number("filter_size", 11);
  const values = bell(size, args.number("filter_sigma", 1.5));
  const kernel = outer(values, values);
  const smooth = (x: typeof a) =>
    filtered(ops, x, kernel, [size, size], "valid", args.name);
  const most = args.number("max_val", 1);
  const [c1, c2] = [args.number("k1", 0.01), args.number("k2", 0.03)]
    .map((k) => c(ops, (k * most) ** 2));
  const [meanA, meanB] = [smooth(a), smooth(b)];
  const product = ops.multiply(meanA, meanB);
  const twice = (x: typeof a) => ops.multiply(c(ops, 2), x);
  const covariance = ops.subtract(smooth(ops.multiply(a, b)), product);
  const [squareA, squareB] = [square(ops, meanA), square(ops, meanB)];
  const spread = ops.add(
    ops.subtract(smooth(square(ops, a)), squareA),
    ops.subtract(smooth(square(ops, b)), squareB),
  );
  const numerator = ops.multiply(
    ops.add(twice(product), c1!),
    ops.add(twice(covariance), c2!),
  );
  const denominator = ops.multiply(
    ops.add(ops.add(squareA, squareB), c1!),
    ops.add(spread, c2!),
  );
  return ops.mean(ops.divide(numerator, denominator), { axis: [1, 2, 3] });
};

// ---- scales and translations ----

/** Keras' names of kernels, and those of resizing. */
const METHODS: Readonly<Record<string, string>> = {
  linear: "bilinear",
  bilinear: "bilinear",
  trilinear: "bilinear",
  triangle: "bilinear",
  cubic: "bicubic",
  bicubic: "bicubic",
  tricubic: "bicubic",
  lanczos3: "lanczos3",
  lanczos5: "lanczos5",
};

/** The weights of an axis, `[size, target]`. */
function weightsOf(
  size: number,
  target: number,
  { scale, shift, kernel, antialias }: {
    readonly scale: number;
    readonly shift: number;
    readonly kernel: (x: number) => number;
    readonly antialias: boolean;
  },
): Float32Array {
  const weights = new Float32Array(size * target);
  const f = Math.fround; // positions at the border are those of float32
  const inverse = f(1 / scale);
  const width = antialias ? Math.max(inverse, 1) : 1;
  for (let to = 0; to < target; to++) {
    const at = f(f(f((to + 0.5) * inverse) - f(shift * inverse)) - 0.5);
    if (!(at >= -0.5 && at <= size - 0.5)) continue;
    const column = Array.from(
      { length: size },
      (_, from) => kernel((at - from) / width),
    );
    const sum = column.reduce((a, b) => a + b, 0);
    if (Math.abs(sum) <= 1000 * 2 ** -23) continue;
    column.forEach((value, from) => weights[from * target + to] = value / sum);
  }
  return weights;
}

/** Scales and moves images along some axes. */
const scaleAndTranslate: Compute = (ops, args) => {
  let x = args.tensor("images");
  if (ops.dtype(x) !== "float32") args.refuse("images", "be floats");
  const method = args.string("method");
  const name = METHODS[method] ??
    args.refuse("method", `be one of ${Object.keys(METHODS).join(", ")}`);
  const { kernel } = KERNELS[name]!;
  const targets = args.ints("output_shape");
  const [scales, shifts] = ["scale", "translation"].map((key) =>
    args.constant(key).data
  );
  args.ints("spatial_dims").forEach((dim, i) => {
    const axis = normalizedAxis(ops, x, dim);
    if (axis === 0) args.refuse("spatial_dims", "leave out the first axis");
    const [size, target] = [
      knownSize(ops, x, axis, args.name),
      targets[axis]!,
    ];
    const weights = ops.constant({
      data: weightsOf(size, target, {
        scale: scales![i]!,
        shift: shifts![i]!,
        kernel,
        antialias: args.boolean("antialias", true),
      }),
      shape: [size, target],
      dtype: "float32",
    });
    const last = rank(ops, x) - 1;
    x = movedAxis(
      ops,
      ops.matmul(movedAxis(ops, x, axis, last), weights),
      last,
      axis,
    );
  });
  return x;
};

/** Factories by name. */
export const FILTER_OPERATIONS: FactoryTable = operations({
  "GaussianBlur(images, kernel_size, sigma, data_format)": gaussianBlur,
  "ScaleAndTranslate(images, output_shape, scale, translation, spatial_dims, method, antialias)":
    scaleAndTranslate,
  "SobelEdges(images, data_format)": sobel,
  "SSIM(image1, image2, max_val, filter_size, filter_sigma, k1, k2, data_format)":
    structuralSimilarity,
});
