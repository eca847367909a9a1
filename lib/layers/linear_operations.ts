/**
 * Operations of `keras.ops` on vectors and matrices: products and norms.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.linalg`.
 *
 * @module
 */
import { einsum } from "./einsum_operation.ts";
import { cannot } from "../check.ts";
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, type ComputeOne, operations } from "./operation.ts";
import {
  binary,
  entryAt,
  knownSize,
  movedAxis,
  normalizedAxis,
  rank,
  square,
} from "./operation_forms.ts";

/** A matrix product, with vectors as in NumPy. */
export function matmul<T>(ops: Ops<T>, a: T, b: T): T {
  const [left, right] = [rank(ops, a) === 1, rank(ops, b) === 1];
  const p = left ? ops.expandDims(a, 0) : a;
  const q = right ? ops.expandDims(b, 1) : b;
  const product = ops.matmul(p, q);
  const rows = left ? ops.squeeze(product, rank(ops, product) - 2) : product;
  return right ? ops.squeeze(rows, rank(ops, rows) - 1) : rows;
}

/** Sums of products over pairs of axes. */
function tensordot<T>(
  ops: Ops<T>,
  a: T,
  b: T,
  [ofA, ofB]: readonly [readonly number[], readonly number[]],
): T {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const first = letters.slice(0, rank(ops, a));
  const second = letters.slice(rank(ops, a), rank(ops, a) + rank(ops, b));
  ofA.forEach((axis, i) => {
    second[normalizedAxis(ops, b, ofB[i]!)] =
      first[normalizedAxis(ops, a, axis)]!;
  });
  const result = [...first, ...second].filter((letter, _i, all) =>
    all.indexOf(letter) === all.lastIndexOf(letter)
  );
  return ops.einsum(
    `${first.join("")},${second.join("")}->${result.join("")}`,
    a,
    b,
  );
}

const tensordotCompute: Compute = (ops, args) => {
  const [a, b] = [args.tensor("x1"), args.tensor("x2")];
  const raw = args.raw("axes") ?? 2;
  if (typeof raw === "number") {
    const count = Array.from({ length: raw }, (_, i) => i);
    const ofA = count.map((i) => rank(ops, a) - raw + i);
    return tensordot(ops, a, b, [ofA, count]);
  }
  const isPair = Array.isArray(raw) && raw.length === 2;
  if (!isPair) return args.refuse("axes", "be a number, or two lists");
  const [ofA, ofB] = raw.map((axes) => [axes].flat()) as [number[], number[]];
  return tensordot(ops, a, b, [ofA, ofB]);
};

/**
 * `dot` of NumPy: a scalar product, a matrix product, or a sum over the last
 * axis.
 */
function dot<T>(ops: Ops<T>, a: T, b: T): T {
  if (rank(ops, a) === 0 || rank(ops, b) === 0) return ops.multiply(a, b);
  const axis = Math.max(rank(ops, b) - 2, 0);
  return tensordot(ops, a, b, [[rank(ops, a) - 1], [axis]]);
}

function inner<T>(ops: Ops<T>, a: T, b: T): T {
  if (rank(ops, a) === 0 || rank(ops, b) === 0) return ops.multiply(a, b);
  return tensordot(ops, a, b, [[rank(ops, a) - 1], [rank(ops, b) - 1]]);
}

/** Euclidean distances of the rows of two matrices. */
function distances<T>(ops: Ops<T>, a: T, b: T): T {
  const away = ops.subtract(ops.expandDims(a, -2), ops.expandDims(b, -3));
  return ops.sqrt(ops.sum(square(ops, away), { axis: -1 }));
}

function outer<T>(ops: Ops<T>, a: T, b: T): T {
  const column = ops.expandDims(ops.reshape(a, [-1]), 1);
  return ops.multiply(column, ops.reshape(b, [-1]));
}

/**
 * The cross product of vectors of 3 along the last axis; those of 2 have a
 * third value of 0.
 */
function cross<T>(ops: Ops<T>, a: T, b: T, name: string): T {
  const [sizeA, sizeB] = [a, b].map((x) => knownSize(ops, x, -1, name));
  const part = (x: T, i: number) => entryAt(ops, x, rank(ops, x) - 1, i);
  for (const x of [a, b]) {
    const size = knownSize(ops, x, -1, name);
    if (size === 2 || size === 3) continue;
    throw new TypeError(
      cannot(
        `call operation "${name}"`,
        "vectors must have 2 or 3 values",
        ops.shape(x),
      ),
    );
  }
  const product = (i: number, j: number) =>
    (i < sizeA! && j < sizeB!)
      ? ops.multiply(part(a, i), part(b, j))
      : ops.multiply(
        ops.multiply(part(a, 0), part(b, 0)),
        ops.cast(ops.constant(0), ops.dtype(a)),
      );
  const term = (i: number, j: number) =>
    ops.subtract(product(i, j), product(j, i));
  const last = term(0, 1);
  if (sizeA === 2 && sizeB === 2) return ops.squeeze(last, rank(ops, last) - 1);
  return ops.concatenate([term(1, 2), term(2, 0), last], rank(ops, last) - 1);
}

/** The norm of vectors: the values along some axes together. */
function vectorNorm<T>(
  ops: Ops<T>,
  x: T,
  order: number,
  over: ReduceOptions,
): T {
  if (order === 2) return ops.sqrt(ops.sum(square(ops, x), over));
  const size = ops.abs(x);
  if (order === Infinity) return ops.max(size, over);
  if (order === -Infinity) return ops.min(size, over);
  if (order === 1) return ops.sum(size, over);
  if (order === 0) return ops.sum(ops.float(ops.cast(x, "bool")), over);
  const sum = ops.sum(ops.power(size, ops.constant(order)), over);
  return ops.power(sum, ops.constant(1 / order));
}

/**
 * Vector norms over axes; for matrices the Frobenius norm and norms of row or
 * column sums.
 *
 * @param isFlat Whether all values are one vector where no axis is passed, as
 * in TensorFlow; in Keras they are a vector or a matrix.
 */
function normOf(isFlat: boolean): ComputeOne {
  return (ops, args) => {
    const x = ops.float(args.tensor("x"));
    const raw = args.raw("ord");
    const keepdims = args.boolean("keepdims", false);
    const axis = args.has("axis")
      ? args.ints("axis")
      : [...ops.shape(x).keys()];
    const over = { axis, keepdims };
    const isVector = axis.length === 1 || isFlat && !args.has("axis");
    const isEuclidean = raw === undefined || raw === null ||
      raw === "euclidean" || raw === "fro" && (axis.length === 2 || isFlat);
    if (isEuclidean) return vectorNorm(ops, x, 2, over);
    const order = raw === "inf" || raw === "Infinity"
      ? Infinity
      : raw === "-inf" || raw === "-Infinity"
      ? -Infinity
      : raw;
    if (isVector && typeof order === "number") {
      return vectorNorm(ops, x, order, over);
    }
    const size = Math.abs(Number(order));
    if (axis.length === 2 && (size === 1 || size === Infinity)) {
      const [rows, columns] = axis.map((i) => normalizedAxis(ops, x, i));
      const [first, second] = size === 1
        ? [rows!, columns!]
        : [columns!, rows!];
      const sums = ops.sum(ops.abs(x), { axis: first, keepdims: true });
      const kind = Number(order) < 0 ? "min" : "max";
      const most = ops[kind](sums, { axis: second, keepdims: true });
      return keepdims ? most : [first, second].sort((a, b) => b - a).reduce(
        (y, i) => ops.squeeze(y, i),
        most,
      );
    }
    return args.refuse("ord", "be a norm that needs no singular values");
  };
}

/** Norms of TensorFlow. */
export const tfNorm: ComputeOne = normOf(true);

/** Factories by name. */
export const LINEAR_OPERATIONS: FactoryTable = operations({
  "Matmul(x1, x2)": binary(matmul),
  "Dot(x1, x2)": binary(dot),
  "CDist(x:x1, y:x2)": binary(distances),
  "Inner(x1, x2)": binary(inner),
  "Outer(x1, x2)": binary(outer),
  "Cross(x1, x2, axisa, axisb, axisc, axis)": (ops, args) => {
    const at = (key: string) =>
      args.number(args.has("axis") ? "axis" : key, -1);
    const [a, b] = args.pair("x1", "x2");
    const product = cross(
      ops,
      movedAxis(ops, a, at("axisa"), -1),
      movedAxis(ops, b, at("axisb"), -1),
      args.name,
    );
    if (rank(ops, product) < Math.max(rank(ops, a), rank(ops, b))) {
      return product; // of vectors of 2: one number
    }
    return movedAxis(ops, product, -1, at("axisc"));
  },
  "Tensordot(x1, x2, axes)": tensordotCompute,
  "Einsum(*operands, subscripts)": einsum,
  "Norm(x, ord, axis, keepdims)": normOf(false),
  "tf.linalg.cross(a, b)": (ops, args) =>
    cross(ops, args.tensor("a"), args.tensor("b"), args.name),
  "tf.norm | tf.linalg.norm(tensor:x, ord, axis, keepdims)": tfNorm,
  "tf.compat.v1.norm(tensor:x, ord, axis, keepdims, name, keep_dims:keepdims)":
    tfNorm,
  "tf.einsum | tf.linalg.einsum(equation:subscripts, *operands)": einsum,
  "tf.tensordot | tf.linalg.tensordot(a:x1, b:x2, axes)": tensordotCompute,
});
