/**
 * Operations of TensorFlow that create or repeat values, with sizes that may be
 * computed in the graph, such as `tf.ones((tf.shape(x)[0], 2))`.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import {
  type Arguments,
  type Compute,
  type ComputeOne,
  operations,
} from "./operation.ts";
import { constantOf, rank } from "./operation_forms.ts";
import { broadcastTo, tile } from "./shape_operations.ts";

/** A size: a number, or the rows of a tensor, whose number is not known. */
type Size<T> = number | { readonly rows: T };

/** The sizes of an argument; only the first may be a number of rows. */
function sizesOf<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  key: string,
): Size<T>[] {
  const list = args.sizes(key).map(({ of, axes, value }): Size<T>[] => {
    if (value !== undefined) return [value];
    if (of === undefined) return args.refuse(key, "hold sizes");
    const shape = ops.shape(of);
    return axes.map((at) => {
      const size = shape[at];
      if (typeof size === "number") return size;
      if (at === 0) return { rows: of };
      return args.refuse(key, "hold sizes that are known, but for the batch's");
    });
  }).flat();
  if (list.slice(1).some((size) => typeof size !== "number")) {
    args.refuse(key, "hold the number of rows first");
  }
  return list;
}

/** Repeats `[1, …]` for each row of a tensor. */
function forEachRow<T>(ops: Ops<T>, value: T, rows: T): T {
  const shape = ops.shape(rows);
  const first = ops.slice(
    rows,
    [...shape.keys()].slice(1).map((axis) => ({ axis, start: 0, stop: 1 })),
  );
  const ones = Array<number>(rank(ops, value) - 1).fill(1);
  const column = ops.cast(ops.reshape(first, [-1, ...ones]), "int32");
  return ops.where(ops.equal(column, column), value, value); // broadcasts
}

function filled<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  key: string,
  value: number,
): T {
  const sizes = sizesOf(ops, args, key);
  const numbers = sizes.map((size) => typeof size === "number" ? size : 1);
  const dtype = args.string("dtype", "float32");
  const isFloat = /^b?float/.test(dtype);
  const count = sizeOf(numbers);
  const data = isFloat
    ? new Float32Array(count).fill(value)
    : new Int32Array(count).fill(value);
  const all = ops.constant({
    data,
    shape: numbers,
    dtype: isFloat ? "float32" : "int32",
  });
  const typed = dtype === "bool" ? ops.cast(all, "bool") : all;
  const [first] = sizes;
  return typeof first === "object" ? forEachRow(ops, typed, first.rows) : typed;
}

const ones: Compute = (ops, args) => filled(ops, args, "shape", 1);
const zeros: Compute = (ops, args) => filled(ops, args, "shape", 0);
const fill: Compute = (ops, args) =>
  filled(ops, args, "dims", args.number("value"));

/** With the number of rows first, or with numbers alone. */
function repeated(
  key: string,
  plain: ComputeOne,
  isWhole: boolean,
): Compute {
  return (ops, args) => {
    const sizes = sizesOf(ops, args, key);
    const [first] = sizes;
    const numbers = sizes.map((size) => typeof size === "number" ? size : 1);
    const one = plain(ops, args.set(key, numbers));
    if (typeof first !== "object") return one;
    const isOne = ops.shape(one)[0] === 1 &&
      (isWhole || rank(ops, one) === sizes.length);
    if (!isOne) args.refuse(key, "repeat a first axis of size 1");
    return forEachRow(ops, one, first.rows);
  };
}

/** `tf.range` up to a size that is known. */
const range: Compute = (ops, args) => {
  const numbers = ["start", "limit", "delta"].map((key) => {
    if (!args.has(key)) return undefined;
    const [size] = sizesOf(ops, args, key);
    if (typeof size === "number") return size;
    return args.refuse(key, "be known, and not the number of rows");
  });
  const [start, limit, delta = 1] = numbers;
  const [from, to] = limit === undefined ? [0, start!] : [start!, limit];
  if (delta === 0) args.refuse("delta", "not be 0");
  const count = Math.max(0, Math.ceil((to - from) / delta));
  const values = Array.from({ length: count }, (_, i) => from + i * delta);
  // Fractions would be truncated in integers.
  const isWhole = values.every(Number.isInteger);
  const dtype = args.string("dtype", isWhole ? "int32" : "float32");
  return constantOf(ops, values, /^b?float/.test(dtype) ? "float32" : "int32");
};

/** Factories by name. */
export const TF_SIZES: FactoryTable = operations({
  "tf.ones(shape, dtype, name, layout)": ones,
  "tf.zeros(shape, dtype, name, layout)": zeros,
  "tf.fill(dims, value, name, layout)": fill,
  "tf.tile(input:x, multiples:repeats, name)": repeated("repeats", tile, true),
  "tf.broadcast_to(input:x, shape, name)": repeated(
    "shape",
    broadcastTo,
    false,
  ),
  "tf.range(start, limit, delta, dtype, name)": range,
});
