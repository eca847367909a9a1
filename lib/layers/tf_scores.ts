/**
 * Functions of `tf.image` that compare neighbouring pixels, or two images.
 *
 * Source: TensorFlow 2.21 `image_ops_impl.py`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { structuralSimilarity } from "./filter_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, rank, square } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** Images `[N, H, W, D]` of floats. */
function imagesOf<T>(ops: Ops<T>, args: Arguments<T>, key: string): T {
  const images = args.tensor(key);
  if (rank(ops, images) !== 4) args.refuse(key, "have 4 axes");
  if (ops.dtype(images) !== "float32") args.refuse(key, "be floats");
  return images;
}

/** `20 log₁₀(max) − 10 log₁₀(mean squared error)` of each image. */
const signalToNoise: Compute = (ops, args) => {
  const away = ops.subtract(
    imagesOf(ops, args, "a"),
    imagesOf(ops, args, "b"),
  );
  const error = ops.mean(square(ops, away), { axis: [1, 2, 3] });
  const level = 20 * Math.log10(args.number("max_val"));
  return ops.subtract(
    c(ops, level),
    ops.multiply(ops.log(error), c(ops, 10 / Math.LN10)),
  );
};

const similarity: Compute = (ops, args) => {
  args.refuseUnless("return_index_map", false);
  return structuralSimilarity(ops, args);
};

/** A matrix over the channels. */
function mixed(matrix: readonly number[]): Compute {
  return (ops, args) =>
    ops.matmul(
      imagesOf(ops, args, "images"),
      constantOf(ops, matrix, "float32", [3, 3]),
    );
}

const FROM_YUV = [
  ...[1, 1, 1, 0, -0.394642334, 2.03206185, 1.13988303, -0.58062185, 0],
];
const FROM_YIQ = [
  ...[1, 1, 1, 0.95598634, -0.27201283, -1.10674021],
  ...[0.6208248, -0.64720424, 1.70423049],
];

/** Factories by name. */
export const TF_SCORES: FactoryTable = operations({
  "psnr(a, b, max_val)": signalToNoise,
  "ssim(img1:image1, img2:image2, max_val, filter_size, filter_sigma, k1, k2, return_index_map)":
    similarity,
  "yiq_to_rgb(images)": mixed(FROM_YIQ),
  "yuv_to_rgb(images)": mixed(FROM_YUV),
}, "tf.image.");
