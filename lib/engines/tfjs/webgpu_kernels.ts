/**
 * Replacements for wrong `webgpu` kernels of TF.js.
 *
 * For booleans, `transpose`, and so `any` and `all`, do nothing and return
 * undefined memory contents, as does `pad` beyond four axes; `where` and
 * `reverse` beyond four axes do not exist. Only the last two throw.
 *
 * @module
 */
import { tf } from "../../tf.ts";

/** Maximum rank of its kernels. */
const MOST_AXES = 4;

function isWebgpu(): boolean {
  return tf.getBackend() === "webgpu";
}

/**
 * Casts booleans to numbers. The cast of TF.js returns the memory of the
 * booleans, which other kernels misinterpret.
 *
 * @param x Booleans.
 * @param dtype The type of the numbers.
 * @returns 1 where they are true, 0 elsewhere.
 */
export function numbersOf(
  x: tf.Tensor,
  dtype: "bool" | "float32" | "int32",
): tf.Tensor {
  if (!isWebgpu() || dtype === "bool") return tf.cast(x, dtype);
  const flat = tf.reshape(x, [-1]);
  const type = dtype;
  const numbers = tf.where(flat, tf.scalar(1, type), tf.scalar(0, type));
  return tf.reshape(numbers, x.shape);
}

/**
 * Logical or over axes.
 *
 * @param x Booleans.
 * @param axes The axes.
 * @param keepdims Whether to keep them with size 1.
 * @returns Booleans.
 */
export function anyTrue(
  x: tf.Tensor,
  axes: number[],
  keepdims: boolean,
): tf.Tensor {
  if (!isWebgpu()) return tf.any(x, axes, keepdims);
  return tf.greater(tf.max(numbersOf(x, "float32"), axes, keepdims), 0);
}

/**
 * Logical and over axes.
 *
 * @param x Booleans.
 * @param axes The axes.
 * @param keepdims Whether to keep them with size 1.
 * @returns Booleans.
 */
export function allTrue(
  x: tf.Tensor,
  axes: number[],
  keepdims: boolean,
): tf.Tensor {
  if (!isWebgpu()) return tf.all(x, axes, keepdims);
  return tf.greater(tf.min(numbersOf(x, "float32"), axes, keepdims), 0);
}

/**
 * Pads a tensor with a constant value.
 *
 * @param x The tensor.
 * @param widths Number of values before and after, for each axis.
 * @param value The value.
 * @returns The larger tensor.
 */
export function padded(
  x: tf.Tensor,
  widths: [number, number][],
  value = 0,
): tf.Tensor {
  if (!isWebgpu() || x.rank <= MOST_AXES) return tf.pad(x, widths, value);
  return widths.reduce((wide, [before, after], axis) => {
    if (before === 0 && after === 0) return wide;
    const { shape } = wide;
    const rows = tf.reshape(wide, aroundAxis(shape, axis));
    const longer = tf.pad(rows, [[0, 0], [before, after], [0, 0]], value);
    return tf.reshape(longer, shape.with(axis, shape[axis]! + before + after));
  }, x);
}

/**
 * Pads one axis with zeros.
 *
 * @param x The value.
 * @param axis The axis, from 0.
 * @param before Zeros before it.
 * @param after Zeros behind it.
 * @returns The padded value.
 */
export function padAxis(
  x: tf.Tensor,
  axis: number,
  before: number,
  after: number,
): tf.Tensor {
  if (before === 0 && after === 0) return x;
  const widths = x.shape.map((_, i): [number, number] =>
    i === axis ? [before, after] : [0, 0]
  );
  return padded(x, widths);
}

/**
 * Reverses a tensor along axes.
 *
 * @param x The tensor.
 * @param axes The axes.
 * @returns The reversed tensor.
 */
export function reversed(x: tf.Tensor, axes: number[]): tf.Tensor {
  if (!isWebgpu() || x.rank <= MOST_AXES) return tf.reverse(x, axes);
  return axes.reduce((reversed, axis) => {
    const rows = tf.reshape(reversed, aroundAxis(x.shape, axis));
    return tf.reshape(tf.reverse(rows, [1]), x.shape);
  }, x);
}

/**
 * The sizes around an axis, to reshape to three axes.
 *
 * @param shape All sizes.
 * @param axis The axis, from 0.
 * @returns Product of the sizes before it, its size, and product of the sizes
 * after it.
 */
export function aroundAxis(
  shape: readonly number[],
  axis: number,
): [number, number, number] {
  const product = (sizes: readonly number[]) =>
    sizes.reduce((size, next) => size * next, 1);
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  return [product(before), shape[axis]!, product(after)];
}

/**
 * Selects values of two tensors by a condition.
 *
 * @param condition Booleans.
 * @param a Values where it is true.
 * @param b Values where it is false.
 * @returns The selected values, of the shape that all three broadcast to.
 */
export function chosen(
  condition: tf.Tensor,
  a: tf.Tensor,
  b: tf.Tensor,
): tf.Tensor {
  const all = [condition, a, b];
  if (!isWebgpu() || all.every(({ rank }) => rank <= MOST_AXES)) {
    return tf.where(condition, a, b);
  }
  const shape = all.map((x) => x.shape).reduce((one, other) =>
    tf.backend_util.assertAndGetBroadcastShape(one, other)
  );
  const [p, q, r] = all.map((x) => tf.reshape(spread(x, shape), [-1]));
  return tf.reshape(tf.where(p!, q!, r!), shape);
}

/**
 * Broadcasts a tensor to a shape by adding 0, because its `tile` supports only
 * four axes.
 */
function spread(x: tf.Tensor, shape: number[]): tf.Tensor {
  if (x.shape.join() === shape.join()) return x;
  const numbers = x.dtype === "bool" ? numbersOf(x, "float32") : x;
  const wide = tf.add(numbers, tf.zeros(shape, numbers.dtype as "float32"));
  return x.dtype === "bool" ? tf.greater(wide, 0) : wide;
}
