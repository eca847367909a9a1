/**
 * Pooling on TF.js, with the semantics of Keras.
 *
 * Its 2-D kernels do not propagate NaN, each in a different way. The 3-D
 * kernels are wrong: the maximum on wasm if all values of a window are
 * negative, both if `same` leaves positions over between windows. So 3-D
 * pooling is done along two axes, then along the third.
 *
 * @module
 */
import { tf } from "../../tf.ts";
import type { PoolingOptions } from "../../ops/ops.ts";
import { withoutGradient } from "./no_gradient.ts";
import { chosen } from "./webgpu_kernels.ts";

type Padding = PoolingOptions["padding"];
type Pool = (
  x: tf.Tensor4D,
  size: [number, number],
  strides: [number, number],
  padding: Padding,
) => tf.Tensor;

/**
 * Maximum of each window; NaN if a value is.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param options Sizes, strides, padding.
 * @returns The feature map, `[N, …positions, D]`.
 */
export function maxPool(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
  return keepingNaN(x, -Infinity, (map) => maxima(map, options), options);
}

/**
 * Mean of each window; padding is ignored.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param options Sizes, strides, padding.
 * @returns The feature map, `[N, …positions, D]`.
 */
export function averagePool(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
  return keepingNaN(x, 0, (map) => means(map, options), options);
}

function maxima(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
  return pooled(tf.maxPool, x, options);
}

/**
 * A mean of means, because each window has equally many positions at every
 * depth.
 */
function means(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
  return pooled(tf.avgPool, x, options);
}

function pooled(
  pool: Pool,
  x: tf.Tensor,
  options: PoolingOptions,
): tf.Tensor {
  const { size, strides, padding } = options;
  if (size.length < 3) return flat(pool, x, options);
  const [batch, depth, height, width, channels] = x.shape as number[];
  const maps = tf.reshape(x, [batch! * depth!, height!, width!, channels!]);
  const flatter = flat(pool, maps, {
    size: size.slice(1),
    strides: strides.slice(1),
    padding,
  }); // [N · T, H, W, D]
  const [_, rows, columns] = flatter.shape as number[];
  const lines = tf.reshape(flatter, [
    batch!,
    depth!,
    rows! * columns!,
    channels!,
  ]);
  const across = flat(pool, lines, {
    size: [size[0]!, 1],
    strides: [strides[0]!, 1],
    padding,
  }); // [N, T, H · W, D]
  return tf.reshape(across, [batch!, -1, rows!, columns!, channels!]);
}

/** Over two spatial axes, or one. */
function flat(
  pool: Pool,
  x: tf.Tensor,
  { size, strides, padding }: PoolingOptions,
): tf.Tensor {
  if (size.length === 2) {
    const [height, width] = size as [number, number];
    const [down, along] = strides as [number, number];
    return pool(x as tf.Tensor4D, [height, width], [down, along], padding);
  }
  const wide = pool(
    tf.expandDims(x, 1) as tf.Tensor4D,
    [1, size[0]!],
    [1, strides[0]!],
    padding,
  );
  return tf.squeeze(wide, [1]);
}

/** Pools the numbers, and sets NaN for windows that contain NaN. */
function keepingNaN(
  x: tf.Tensor,
  instead: number,
  pool: (x: tf.Tensor) => tf.Tensor,
  options: PoolingOptions,
): tf.Tensor {
  if (!mayHoldNaN(x)) return pool(x);
  const isNaN = withoutGradient((y) => tf.isNaN(y), x);
  const numbers = chosen(isNaN, tf.scalar(instead), x);
  const isThere = withoutGradient(
    (marks) => tf.greater(maxima(tf.cast(marks, "float32"), options), 0),
    isNaN,
  );
  return chosen(isThere, tf.scalar(NaN), pool(numbers));
}

/**
 * Whether there is NaN, by one pass over the values, if they can be read
 * synchronously.
 */
function mayHoldNaN(x: tf.Tensor): boolean {
  if (tf.getBackend() === "webgpu") return true;
  const sum = tf.sum(x);
  const [value] = sum.dataSync();
  sum.dispose();
  return Number.isNaN(value); // also of infinities
}
