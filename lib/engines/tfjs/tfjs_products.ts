import { tf } from "../../tf.ts";
import { einsumLetters } from "../../ops/einsum_letters.ts";
import type { OpsType } from "../../ops/ops.ts";
import { arithmetic } from "../../ops/promotion.ts";
import { broadcast } from "../../ops/shapes.ts";
import { asNumber, castTo } from "./tfjs_elements.ts";

/** The shape in which data was first the right operand of a product. */
const shapesOfData = new WeakMap<object, string>();

/**
 * Matrix product over the last two axes; the others broadcast.
 *
 * @param a Matrices `[…, M, K]`.
 * @param b Matrices `[…, K, N]`.
 * @returns Their products, `[…, M, N]`.
 */
export function matmul(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const type = arithmetic(a.dtype as OpsType, b.dtype as OpsType);
  const [p, q] = [castTo(a, type), castTo(b, type)];
  if (type === "int32") return integerProduct(p, q);
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  if (q.rank === 2) {
    const product = tf.matMul(tf.reshape(p, [-1, k]), uncached(q));
    return tf.reshape(product, [...a.shape.slice(0, -1), n]);
  }
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = outer as number[];
  const product = tf.matMul(
    tf.reshape(broadcastTo(p, [...rows, m, k]), [-1, m, k]),
    uncached(tf.reshape(broadcastTo(q, [...rows, k, n]), [-1, k, n])),
  );
  return tf.reshape(product, [...rows, m, n]);
}

/**
 * The wasm backend caches the packed right operand by its data only, and reuses
 * it for the same data in another shape, which is therefore copied here.
 */
function uncached(x: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== "wasm") return x;
  const shape = x.shape.slice(-2).join();
  const first = shapesOfData.get(x.dataId);
  if (first === undefined) shapesOfData.set(x.dataId, shape);
  return first === undefined || first === shape ? x : tf.mul(x, 1);
}

/**
 * An integer product: that of the backends uses floats, which are exact only up
 * to 2²⁴.
 */
function integerProduct(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const rows = tf.expandDims(a, -1); // […, M, K, 1]
  const columns = tf.expandDims(b, -3); // […, 1, K, N]
  return tf.sum(tf.mul(rows, columns), -2);
}

/**
 * Broadcasts a tensor to a shape.
 *
 * @param x The tensor.
 * @param shape The shape.
 * @returns The tensor itself if it has that shape.
 */
export function broadcastTo(
  x: tf.Tensor,
  shape: readonly number[],
): tf.Tensor {
  const isSame = x.rank === shape.length &&
    x.shape.every((size, i) => size === shape[i]);
  return isSame ? x : tf.broadcastTo(x, [...shape]);
}

/**
 * Einstein summation as one matrix product: TF.js' `einsum` has no wasm kernel.
 *
 * @param equation Letters and one arrow, such as `"abc,cd->abd"`.
 * @param a The first operand.
 * @param b The second.
 * @returns The result.
 */
export function einsum(
  equation: string,
  a: tf.Tensor,
  b: tf.Tensor,
): tf.Tensor {
  const letters = einsumLetters(equation, a.rank, b.rank);
  const { result } = letters;
  const first = withoutLoose({ x: a, axes: letters.a }, [
    ...letters.b,
    ...result,
  ]);
  const second = withoutLoose({ x: b, axes: letters.b }, [
    ...letters.a,
    ...result,
  ]);
  const isShared = (letter: string) =>
    first.axes.includes(letter) && second.axes.includes(letter);
  // Axes of an ellipsis broadcast, so they are first in both.
  const isDot = (letter: string) => /\d/.test(letter);
  const batch = result.filter((letter) => isShared(letter) || isDot(letter));
  const summed = first.axes.filter((letter) =>
    isShared(letter) && !result.includes(letter)
  );
  const rows = first.axes.filter((letter) =>
    !batch.includes(letter) && !summed.includes(letter)
  );
  const columns = second.axes.filter((letter) =>
    !batch.includes(letter) && !summed.includes(letter)
  );
  const p = grouped(first, batch, rows, summed); // […batch, M, K]
  const q = grouped(second, batch, summed, columns); // […batch, K, N]
  const product = matmul(p, q); // […batch, M, N]
  const outer = product.shape.slice(0, batch.length);
  const spread = tf.reshape(product, [
    ...outer,
    ...rows.map((letter) => sizeOf(first, letter)),
    ...columns.map((letter) => sizeOf(second, letter)),
  ]);
  const order = [...batch, ...rows, ...columns];
  return transposed(spread, result.map((letter) => order.indexOf(letter)));
}

/** An operand, with the letter of each axis. */
interface Lettered {
  readonly x: tf.Tensor;
  readonly axes: readonly string[];
}

/** Sums over the letters that occur nowhere else. */
function withoutLoose(
  { x, axes }: Lettered,
  others: readonly string[],
): Lettered {
  const loose = [...axes.keys()].filter((i) => !others.includes(axes[i]!));
  if (loose.length === 0) return { x, axes };
  const kept = axes.filter((letter) => others.includes(letter));
  return { x: tf.sum(asNumber(x), loose), axes: kept };
}

/**
 * Reshapes to one axis for each batch letter, and one for each of the two
 * groups.
 */
function grouped(
  operand: Lettered,
  batch: readonly string[],
  rows: readonly string[],
  columns: readonly string[],
): tf.Tensor {
  const { x, axes } = operand;
  const there = [...batch, ...rows, ...columns]
    .filter((letter) => axes.includes(letter));
  const ordered = transposed(x, there.map((letter) => axes.indexOf(letter)));
  const count = (letters: readonly string[]) =>
    letters.reduce((n, letter) => n * sizeOf(operand, letter), 1);
  const outer = batch.map((letter) =>
    axes.includes(letter) ? sizeOf(operand, letter) : 1
  );
  return tf.reshape(ordered, [...outer, count(rows), count(columns)]);
}

function sizeOf({ x, axes }: Lettered, letter: string): number {
  return x.shape[axes.indexOf(letter)]!;
}

function transposed(x: tf.Tensor, order: readonly number[]): tf.Tensor {
  const isSame = order.every((axis, i) => axis === i);
  return isSame ? x : tf.transpose(x, [...order]);
}
