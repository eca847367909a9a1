/**
 * Functions of TensorFlow that differ from those of `keras.ops`. They are nodes
 * in models of Keras 2, as `TFOpLambda`.
 *
 * A parameter `"name:key"` is TensorFlow's name, and the key by which the
 * computation of `keras.ops` reads it.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { relu } from "./activations.ts";
import { oneHot } from "./indexing_operations.ts";
import { matmul } from "./linear_operations.ts";
import { channelsOfCall } from "./neural_operations.ts";
import { type Compute, operations } from "./operation.ts";
import {
  knownSize,
  paddedAlong,
  rank,
  rsqrt,
  square,
} from "./operation_forms.ts";
import { partsBetween } from "./shape_operations.ts";
import type { FactoryTable } from "./layer.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** Transposes the last two axes, if requested. */
export function matrixTransposed<T>(
  ops: Ops<T>,
  x: T,
  isTransposed: boolean,
): T {
  const axes = [...ops.shape(x).keys()];
  return isTransposed
    ? ops.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!])
    : x;
}

const product: Compute = (ops, args) => {
  for (const key of ["adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse"]) {
    args.refuseUnless(key, false);
  }
  return matmul(
    ops,
    matrixTransposed(ops, args.tensor("a"), args.boolean("transpose_a", false)),
    matrixTransposed(ops, args.tensor("b"), args.boolean("transpose_b", false)),
  );
};

/** `x / √max(Σ x², epsilon)`. */
const l2Normalize: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.has("axis") ? { axis: args.ints("axis") } : {};
  const sum = ops.sum(square(ops, x), { ...axis, keepdims: true });
  const least = c(ops, args.number("epsilon", 1e-12));
  return ops.multiply(x, rsqrt(ops, ops.maximum(sum, least)));
};

const biasAdd: Compute = (ops, args) => {
  const x = args.tensor("value");
  const bias = args.tensor("bias");
  if (channelsOfCall(args) === "last") return ops.add(x, bias);
  const size = knownSize(ops, bias, 0, args.name);
  const ones = Array<number>(rank(ops, x) - 2).fill(1);
  return ops.add(x, ops.reshape(bias, [size, ...ones]));
};

/** Splits into parts of equal or listed sizes. */
const split: Compute = (ops, args) => {
  const x = args.tensor("value");
  const axis = args.axis(x, 0);
  const size = knownSize(ops, x, axis, args.name);
  const raw = args.raw("num_or_size_splits");
  if (typeof raw === "number") {
    if (size % raw !== 0) args.refuse("num_or_size_splits", `divide ${size}`);
    const step = size / raw;
    const bounds = Array.from({ length: raw + 1 }, (_, i) => i * step);
    return partsBetween(ops, x, axis, bounds);
  }
  const sizes = args.ints("num_or_size_splits");
  const rest = size - sizes.reduce((sum, n) => n === -1 ? sum : sum + n, 0);
  const all = sizes.map((n) => n === -1 ? rest : n);
  const bounds = all.reduce((ends, n) => [...ends, ends.at(-1)! + n], [0]);
  if (bounds.at(-1) !== size) {
    args.refuse("num_or_size_splits", `add up to ${size}`);
  }
  return partsBetween(ops, x, axis, bounds);
};

const where: Compute = (ops, args) => {
  args.demand("x");
  return ops.where(args.tensor("condition"), ...args.pair("x", "y"));
};

/**
 * Gathers values along an axis by indices; with one batch dimension, along
 * axis 1 by indices `[N, K]`.
 */
const gather: Compute = (ops, args) => {
  args.refuseUnless("batch_dims", 0, 1);
  args.refuseUnless("validate_indices");
  const x = args.tensor("x");
  const indices = ops.cast(args.tensor("indices"), "int32");
  const numBatch = args.number("batch_dims", 0);
  const axis = args.axis(x, numBatch);
  if (numBatch === 0) return ops.take(x, indices, axis);
  if (axis !== 1 || rank(ops, indices) !== 2) {
    args.refuse("batch_dims", "be 0, or 1 for axis 1 and indices of 2 axes");
  }
  let wide = indices;
  for (let at = 2; at < rank(ops, x); at++) {
    const size = knownSize(ops, x, at, args.name);
    wide = ops.repeat(ops.expandDims(wide, at), size, at);
  }
  return ops.takeAlongAxis(x, wide, 1);
};

/** One-hot encoding, with other numbers for 1 and 0. */
const encoded: Compute = (ops, args) => {
  const [on, off] = [args.number("on_value", 1), args.number("off_value", 0)];
  const plain = oneHot(ops, args);
  if (on === 1 && off === 0) return plain;
  const values = ops.where(ops.cast(plain, "bool"), c(ops, on), c(ops, off));
  return ops.cast(values, ops.dtype(plain));
};

const sizes: Compute = (ops, args) => {
  args.refuseUnless("out_type", "int32", "int64");
  return ops.sizes(args.tensor("input"));
};

/** Sums of several tensors. */
const addN: Compute = (ops, args) =>
  args.tensors("inputs").reduce((a, b) => ops.add(a, b));

/**
 * Divides values by a power of the sum of squares over neighbouring channels,
 * as in AlexNet: `x / (bias + alpha Σ x²)^beta`.
 */
const localResponse: Compute = (ops, args) => {
  const x = args.tensor("input");
  const radius = args.number("depth_radius", 5);
  const axis = rank(ops, x) - 1;
  const depth = knownSize(ops, x, axis, args.name);
  const padded = paddedAlong(ops, square(ops, x), axis, [radius, radius]);
  const sum = Array.from(
    { length: 2 * radius + 1 },
    (_, start) => ops.slice(padded, [{ axis, start, stop: start + depth }]),
  ).reduce((a, b) => ops.add(a, b));
  const scale = ops.add(
    c(ops, args.number("bias", 1)),
    ops.multiply(c(ops, args.number("alpha", 1)), sum),
  );
  return ops.divide(x, ops.power(scale, c(ops, args.number("beta", 0.5))));
};

/** `x` and `−x`, rectified, along an axis. */
const concatenatedRelu: Compute = (ops, args) => {
  const x = args.tensor("features");
  const axis = args.axis(x, -1);
  return ops.concatenate([relu(ops, x), relu(ops, ops.negative(x))], axis);
};

/** Factories by name. */
export const TF_OPERATIONS: FactoryTable = operations({
  "linalg.matmul(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, a_is_sparse, b_is_sparse, output_type)":
    product,
  "linalg.l2_normalize | math.l2_normalize | nn.l2_normalize(x, axis, epsilon)":
    l2Normalize,
  "nn.bias_add(value, bias, data_format)": biasAdd,
  "nn.local_response_normalization(input, depth_radius, bias, alpha, beta)":
    localResponse,

  "compat.v1.nn.crelu(features, name, axis)": concatenatedRelu,
  "split(value, num_or_size_splits, axis, num)": split,
  "repeat(input, repeats, axis)": (ops, args) => {
    const x = args.tensor("input");
    args.demand("axis");
    return ops.repeat(x, args.number("repeats"), args.number("axis"));
  },
  "where | compat.v1.where(condition, x, y)": where,
  "gather(params:x, indices, validate_indices, axis, batch_dims)": gather,
  "compat.v1.gather(params:x, indices, validate_indices, name, axis, batch_dims)":
    gather,
  "compat.v1.nn.embedding_lookup(params:x, ids:indices, partition_strategy, name)":
    gather,
  "one_hot(indices:x, depth:num_classes, on_value, off_value, axis, dtype)":
    encoded,
  "shape(input, out_type)": sizes,
  "compat.v1.shape(input, name, out_type)": sizes,
  "add_n | math.add_n(inputs)": addN,
  "ensure_shape(x, shape)": (_ops, args) => args.tensor("x"),
}, "tf.");
