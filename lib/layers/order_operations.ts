/**
 * Operations of `keras.ops` on the order of values: sorting, largest values, and
 * their indices; rolling.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.math`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, type ComputeOne, operations } from "./operation.ts";
import {
  knownSize,
  movedAxis,
  normalizedAxis,
  rank,
  reduceOptions,
} from "./operation_forms.ts";
import { along } from "./reduction_operations.ts";

/**
 * Values in reversed order: −x, and −1 − x of integers, as the smallest one has
 * no negative.
 */
function opposite<T>(ops: Ops<T>, x: T): T {
  if (ops.dtype(x) === "float32") return ops.negative(x);
  const minusOne = ops.cast(ops.constant(-1), "int32");
  return ops.subtract(minusOne, ops.cast(x, "int32"));
}

/** The smallest normal float32; Keras 3 orders −0 like its negative. */
const TINY = 2 ** -126;

/**
 * The index of the largest or smallest value; the first of equal ones. NaN is
 * chosen only if all values are NaN. Keras 3 orders −0 before 0, TensorFlow does
 * not.
 */
function extremeIndex(
  sign: 1 | -1,
  { ordersZeros }: { ordersZeros: boolean },
): Compute {
  return (ops, args) => {
    const { x: all, axis } = along(ops, args);
    let x = all;
    if (ops.dtype(x) === "float32") {
      if (ordersZeros) {
        const isBelow = ops.equal(
          ops.divide(ops.constant(1), x),
          ops.constant(-Infinity),
        );
        x = ops.where(isBelow, ops.constant(-TINY), x);
      }
      x = ops.where(ops.isNaN(x), ops.constant(-sign * Infinity), x);
    }
    const index = ops.argmax(sign === 1 ? x : opposite(ops, x), axis);
    if (!args.boolean("keepdims", false)) return index;
    if (args.has("axis")) return ops.expandDims(index, axis);
    return args.refuse("keepdims", "be false without an axis");
  };
}

/** TensorFlow's default is the first axis. */
function tfExtreme(sign: 1 | -1): Compute {
  return (ops, args) =>
    extremeIndex(sign, { ordersZeros: false })(ops, args.orElse("axis", 0));
}

function nanExtremeIndex(sign: 1 | -1): Compute {
  const indexOf = extremeIndex(sign, { ordersZeros: true });
  return (ops, args) => {
    const x = args.tensor("x");
    if (ops.dtype(x) !== "float32") return indexOf(ops, args);
    const isNaN = ops.isNaN(x);
    const index = indexOf(ops, args) as typeof x;
    const none = ops.cast(ops.constant(-1), "int32");
    return ops.where(ops.all(isNaN, reduceOptions(args)), none, index);
  };
}

/** Values of an axis in some order, and their indices. */
interface Sorted<T> {
  readonly values: T;
  readonly indices: T;
}

/**
 * The `k` largest values of the last axis, and their indices. NaN counts as the
 * smallest: engines order it in different ways.
 */
function largest<T>(ops: Ops<T>, x: T, k: number): Sorted<T> {
  if (ops.dtype(x) !== "float32") {
    const number = ops.cast(x, "int32");
    return { values: ops.topK(number, k), indices: ops.topKIndices(number, k) };
  }
  const key = ops.where(ops.isNaN(x), ops.constant(-Infinity), x);
  const indices = ops.topKIndices(key, k);
  return { values: ops.takeAlongAxis(x, indices, rank(ops, x) - 1), indices };
}

function descending<T>(ops: Ops<T>, x: T, name: string): Sorted<T> {
  return largest(ops, x, knownSize(ops, x, -1, name));
}

/** Values of the last axis in ascending order, and their indices; NaN is last. */
export function ascending<T>(ops: Ops<T>, x: T, name: string): Sorted<T> {
  const { values, indices } = descending(ops, opposite(ops, x), name);
  return { values: opposite(ops, values), indices };
}

/** Sorts along an axis. */
function sorted(what: "values" | "indices"): Compute {
  return (ops, args) => {
    const { x, axis } = along(ops, args, -1);
    args.refuseUnless("direction", "ASCENDING", "DESCENDING");
    args.refuseUnless("stable", false, true);
    const last = movedAxis(ops, x, axis, -1);
    const found = args.raw("direction") === "DESCENDING"
      ? descending(ops, last, args.name)
      : ascending(ops, last, args.name);
    const moved = movedAxis(ops, found[what], -1, axis);
    return what === "values" ? ops.cast(moved, ops.dtype(x)) : moved;
  };
}

/** The `k` largest values along the last axis, and their indices. */
const topK: Compute = (ops, args) => {
  const x = args.tensor("x");
  const k = args.number("k", 1);
  args.refuseUnless("sorted", true);
  args.refuseUnless("index_type", "int32");
  const { values, indices } = largest(ops, x, k);
  return [values, indices];
};

/**
 * Number of bounds below each value, excluding or including equal ones; of NaN
 * none or all.
 */
export function bins<T>(
  ops: Ops<T>,
  x: T,
  bounds: T,
  { isLeft }: { isLeft: boolean },
): T {
  const value = ops.expandDims(x, rank(ops, x));
  const isBelow = isLeft
    ? ops.greater(value, bounds)
    : ops.logicalNot(ops.greater(bounds, value));
  return ops.sum(ops.cast(isBelow, "int32"), { axis: -1 });
}

/** Whether the target has one of the `k` largest predictions. */
const inTopK: Compute = (ops, args) => {
  const predictions = args.tensor("predictions");
  const targets = ops.cast(args.tensor("targets"), "int32");
  const predicted = ops.takeAlongAxis(
    predictions,
    ops.expandDims(targets, 1),
    1,
  );
  // Not `greater`, so that a target of NaN is below all.
  const isBelow = ops.greaterEqual(predicted, predictions);
  const count = ops.sum(ops.float(ops.logicalNot(isBelow)), { axis: 1 });
  return ops.greater(ops.constant(args.number("k")), count);
};

/** Rolls values along axes; without one, as if there were a single axis. */
const roll: ComputeOne = (ops, args) => {
  const x = args.tensor("x");
  const shifts = args.ints("shift");
  if (!args.has("axis")) {
    const sizes = [...ops.shape(x).keys()]
      .map((axis) => knownSize(ops, x, axis, args.name));
    const flat = shifts.reduce(
      (y, shift) => rolled(ops, y, 0, shift, args.name),
      ops.reshape(x, [-1]),
    );
    return ops.reshape(flat, sizes);
  }
  return args.ints("axis").reduce((y, raw, i) => {
    const shift = shifts.length === 1 ? shifts[0]! : shifts[i]!;
    return rolled(ops, y, normalizedAxis(ops, y, raw), shift, args.name);
  }, x);
};

function rolled<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  shift: number,
  name: string,
): T {
  // A shift by 1 does not need the size.
  const isByOne = ops.shape(x)[axis] === null && Math.abs(shift) === 1;
  const size = isByOne ? 0 : knownSize(ops, x, axis, name);
  const at = isByOne ? -shift : size - ((shift % size) + size) % size;
  if (at === size) return x;
  return ops.concatenate([
    ops.slice(x, [{ axis, start: at }]),
    ops.slice(x, [{ axis, stop: at }]),
  ], axis);
}

/** Factories by name. */
export const ORDER_OPERATIONS: FactoryTable = operations({
  "Argmax(x, axis, keepdims)": extremeIndex(1, { ordersZeros: true }),
  "Argmin(x, axis, keepdims)": extremeIndex(-1, { ordersZeros: true }),
  "Nanargmax(x, axis, keepdims)": nanExtremeIndex(1),
  "Nanargmin(x, axis, keepdims)": nanExtremeIndex(-1),
  "Sort(x, axis)": sorted("values"),
  "Argsort(x, axis)": sorted("indices"),
  "TopK(x, k, sorted)": topK,
  "InTopK(targets, predictions, k)": inTopK,
  "tf.compat.v1.math.in_top_k(predictions, targets, k)": inTopK,
  "Roll(x, shift, axis)": roll,
  "tf.roll(input:x, shift, axis)": roll,
  "SearchSorted(sorted_sequence, values, side)": (ops, args) =>
    bins(ops, args.tensor("values"), args.tensor("sorted_sequence"), {
      isLeft: args.string("side", "left") === "left",
    }),
  "Digitize(x, bins)": (ops, args) =>
    bins(ops, args.tensor("x"), args.tensor("bins"), { isLeft: false }),
  "tf.argmax | tf.math.argmax(input:x, axis, output_type)": tfExtreme(1),
  "tf.argmin | tf.math.argmin(input:x, axis, output_type)": tfExtreme(-1),
  "tf.math.top_k | tf.nn.top_k(input:x, k, sorted, index_type)": topK,
  "tf.sort(values:x, axis, direction)": sorted("values"),
  "tf.argsort(values:x, axis, direction, stable)": sorted("indices"),
});
