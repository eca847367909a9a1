import * as tf from "@tensorflow/tfjs";
import { interpolationTaps } from "../../ops/interpolation.ts";

/**
 * Resizes maps, first their height, then their width.
 *
 * @param x Maps, `[N, H, W, D]`.
 * @param size Height and width afterwards.
 * @param interpolation How values between places are found.
 * @returns Maps, `[N, height, width, D]`.
 */
export function resize(
  x: tf.Tensor,
  [height, width]: readonly [number, number],
  interpolation: "nearest" | "bilinear" | "bicubic",
): tf.Tensor {
  const tall = resizeAxis(x, 1, height, interpolation);
  return resizeAxis(tall, 2, width, interpolation);
}

function resizeAxis(
  x: tf.Tensor,
  axis: 1 | 2,
  after: number,
  interpolation: "nearest" | "bilinear" | "bicubic",
): tf.Tensor {
  const before = x.shape[axis]!;
  if (before === after) return x;
  const taps = interpolationTaps(before, after, interpolation);
  const shape = axis === 1 ? [after, 1, 1] : [after, 1];
  const parts = taps.map(({ indices, weights }) => {
    const values = tf.gather(x, tf.tensor1d(indices, "int32"), axis);
    if (interpolation === "nearest") return values;
    return tf.mul(values, tf.tensor(weights, shape));
  });
  return parts.reduce((sum, part) => tf.add(sum, part));
}
