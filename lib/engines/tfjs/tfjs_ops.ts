import * as tf from "@tensorflow/tfjs";
import type { NdArray } from "../../types.ts";
import type { Ops, ReduceOptions } from "../../ops/ops.ts";

/**
 * Operations that compute at once, on TF.js tensors of the current backend.
 *
 * Whoever calls it does so inside `tf.tidy`: what an operation needs on the
 * way is freed there. Where a backend means something else than
 * {@linkcode Ops}, the difference is made good here and nowhere else.
 */
export class TfjsOps implements Ops<tf.Tensor> {
  shape(x: tf.Tensor): readonly number[] {
    return x.shape;
  }

  constant(value: number | NdArray<Float32Array | Int32Array>): tf.Tensor {
    if (typeof value === "number") return tf.scalar(value, "float32");
    const dtype = value.dtype === "int32" ? "int32" : "float32";
    return tf.tensor(value.data, [...value.shape], dtype);
  }

  add(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.add(a, b);
  }

  subtract(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.sub(a, b);
  }

  multiply(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.mul(a, b);
  }

  divide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.div(a, b);
  }

  power(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.pow(a, b);
  }

  maximum(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    // Selecting, as backends differ on maximum(NaN, x).
    return tf.where(tf.logicalOr(tf.greater(b, a), tf.isNaN(b)), b, a);
  }

  greater(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.greater(a, b);
  }

  where(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.where(condition, a, b);
  }

  exp(x: tf.Tensor): tf.Tensor {
    return tf.exp(x);
  }

  sqrt(x: tf.Tensor): tf.Tensor {
    return tf.sqrt(x);
  }

  abs(x: tf.Tensor): tf.Tensor {
    return tf.abs(x);
  }

  sign(x: tf.Tensor): tf.Tensor {
    // By comparing: the wasm backend's own sign takes values below 2e-7 for 0.
    const isAbove = tf.cast(tf.greater(x, 0), "float32");
    return tf.sub(isAbove, tf.cast(tf.less(x, 0), "float32"));
  }

  float(x: tf.Tensor): tf.Tensor {
    return tf.cast(x, "float32");
  }

  sum(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    return tf.sum(x, axes(options), options.keepdims);
  }

  mean(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    return tf.mean(x, axes(options), options.keepdims);
  }

  max(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const largest = tf.max(x, axes(options), options.keepdims);
    // Backends may pass over a NaN: count them, and put one where one was.
    const nan = tf.any(tf.isNaN(x), axes(options), options.keepdims);
    return tf.where(nan, tf.scalar(NaN), largest);
  }

  reshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
    return tf.reshape(x, [...shape]);
  }

  merge(x: tf.Tensor, from: number, to: number): tf.Tensor {
    const { shape } = x;
    const merged = shape.slice(from, to + 1).reduce((p, n) => p * n, 1);
    return tf.reshape(x, [
      ...shape.slice(0, from),
      merged,
      ...shape.slice(to + 1),
    ]);
  }

  transpose(x: tf.Tensor, order: readonly number[]): tf.Tensor {
    return tf.transpose(x, [...order]);
  }

  matmul(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    if (a.rank === b.rank || b.rank !== 2) return tf.matMul(a, b);
    const rows = tf.reshape(a, [-1, a.shape.at(-1)!]);
    const product = tf.matMul(rows, b);
    return tf.reshape(product, [...a.shape.slice(0, -1), b.shape[1]!]);
  }

  stack(values: readonly tf.Tensor[], axis: number): tf.Tensor {
    return tf.stack([...values], axis);
  }

  topK(x: tf.Tensor, k: number): tf.Tensor {
    return tf.topk(x, k, true).values;
  }

  takeLast(x: tf.Tensor, index: number): tf.Tensor {
    const begin = [...x.shape.slice(0, -1).map(() => 0), index];
    const size = [...x.shape.slice(0, -1), 1];
    return tf.squeeze(tf.slice(x, begin, size), [x.rank - 1]);
  }
}

function axes({ axis }: ReduceOptions): number[] | undefined {
  return axis === undefined ? undefined : [axis].flat();
}
