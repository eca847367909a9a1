/**
 * Operations that count values and reduce groups of rows, and numbers of a
 * whole batch. Those on segments compute over the samples of a batch.
 *
 * Source: Keras 3.15 `keras.ops.math`, `keras.ops.numpy`, `keras.ops.nn` on
 * TensorFlow.
 *
 * @module
 */
import { withLastAxes } from "./_over_time.ts";
import type { Ops } from "../ops/ops.ts";
import { NO_INDEX } from "../ops/shapes.ts";
import { isClose } from "./elementwise_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type ComputeOne, operations } from "./operation.ts";
import {
  constantOf,
  integer,
  rank,
  square,
  typeNamed,
} from "./operation_forms.ts";

/** The smallest integer, and float32, that stand for an empty segment. */
const LOWEST = { "int32": -(2 ** 31), "float32": -3.4028234663852886e38 };

type Reduction = "sum" | "prod" | "max" | "min";

/**
 * Reduces the rows of each segment, `[N, …]` to `[segments, …]`. A row with a
 * negative segment counts in none; a segment that is too large is an error on
 * every engine, as in Keras on a CPU. An empty segment gives the neutral value,
 * which for extremes is the lowest or highest number.
 */
function segments(kind: Reduction): ComputeOne {
  return (ops, args) => {
    const [data, ids] = [args.tensor("data"), args.tensor("segment_ids")];
    args.refuseUnless("sorted", false);
    args.demand("num_segments"); // otherwise it depends on the values
    const count = args.number("num_segments");
    const depth = rank(ops, ids);
    const rows = depth > 1 ? ops.merge(data, 0, depth - 1) : data;
    const line = depth > 1 ? ops.merge(ids, 0, depth - 1) : ids;
    const each = Array.from({ length: count }, (_, i) => i);
    const id = ops.cast(line, "int32");
    const isNegative = ops.greater(integer(ops, 0), id);
    // Taken from a table, whose range is checked.
    const index = ops.where(isNegative, integer(ops, 0), id);
    const known = ops.take(constantOf(ops, each, "int32"), index, 0);
    const isIn = ops.logicalAnd(
      ops.equal(known, constantOf(ops, each, "int32", [count, 1])),
      ops.logicalNot(isNegative),
    ); // [segments, N]
    const counts = withLastAxes(ops, isIn, rank(ops, rows) - 1);
    const neutral = neutralOf(ops, kind, ops.dtype(rows));
    const chosen = ops.where(counts, ops.expandDims(rows, 0), neutral);
    return ops[kind](chosen, { axis: 1 });
  };
}

/** The mean of each segment; 0 of an empty one. */
const means: ComputeOne = (ops, args) => {
  const one = ops.cast(ops.constant(1), "float32");
  const all = args.with("data", (data) => ops.broadcastLike(one, data));
  const [sum, count] = [args, all].map((each) => segments("sum")(ops, each));
  return ops.divide(ops.float(sum!), ops.maximum(count!, one));
};

function neutralOf<T>(ops: Ops<T>, kind: Reduction, dtype: string): T {
  const type = dtype === "int32" ? dtype : "float32";
  const low = LOWEST[type];
  const values = {
    sum: 0,
    prod: 1,
    max: low,
    min: type === "int32" ? -(low + 1) : -low,
  };
  return constantOf(ops, [values[kind]], type, []);
}

/**
 * Counts how often each integer below `minlength` occurs along the last axis,
 * or sums their weights. Another integer is an error on every engine, as it is
 * no index of a table: Keras would give a longer result.
 */
const bincount: ComputeOne = (ops, args) => {
  args.refuseUnless("sparse", false);
  const size = args.number("minlength", 0);
  if (size < 1) args.refuse("minlength", "be 1 or more");
  const x = ops.cast(args.tensor("x"), "int32");
  const isNegative = ops.greater(integer(ops, 0), x);
  const indices = ops.where(isNegative, integer(ops, NO_INDEX), x);
  const ones = Array.from(
    { length: size * size },
    (_, i) => Number(i % (size + 1) === 0),
  );
  const table = constantOf(ops, ones, "int32", [size, size]);
  return counts(ops, args, ops.take(table, indices, 0));
};

/** The sum of one-hot rows `[N, …, T, size]`, each times its weight. */
function counts<T>(ops: Ops<T>, args: Arguments<T>, rows: T): T {
  if (!args.has("weights")) return ops.sum(rows, { axis: -2 });
  const weights = args.tensor("weights"); // [N, …, T]
  const column = ops.expandDims(weights, rank(ops, weights));
  const zero = ops.cast(ops.constant(0), ops.dtype(weights));
  const weighted = ops.where(ops.cast(rows, "bool"), column, zero);
  return ops.sum(weighted, { axis: -2 });
}

/** With equal bounds of the length, further integers are left out. */
const tfBincount: ComputeOne = (ops, args) => {
  if (args.raw("axis") !== -1) args.refuse("axis", "be -1");
  args.refuseUnless("dtype", "int32", "float32");
  const size = args.number("minlength", 0);
  const isBounded = args.has("maxlength");
  if (isBounded && args.number("maxlength") !== size) {
    args.refuse("maxlength", "be minlength, or left out");
  }
  const rows = ops.oneHot(ops.cast(args.tensor("x"), "int32"), size);
  const found = isBounded ? counts(ops, args, rows) : bincount(ops, args);
  if (args.has("weights")) return found; // of the type of the weights
  const isBinary = args.boolean("binary_output", false);
  const type = typeNamed(args.string("dtype", "int32"));
  return ops.cast(isBinary ? ops.cast(found, "bool") : found, type);
};

/** `20 log₁₀(max) − 10 log₁₀(mean squared error)`, over all samples. */
const signalToNoise: ComputeOne = (ops, args) => {
  const [a, b] = args.pair("x1", "x2");
  const error = ops.mean(square(ops, ops.subtract(ops.float(a), ops.float(b))));
  const level = ops.constant(20 * Math.log10(args.number("max_val")));
  const decibels = ops.multiply(
    ops.log(error),
    ops.constant(10 / Math.LN10),
  );
  return ops.subtract(level, decibels);
};

/** Factories by name. */
export const SEGMENT_OPERATIONS: FactoryTable = operations({
  "SegmentSum(data, segment_ids, num_segments, sorted)": segments("sum"),
  "SegmentProd(data, segment_ids, num_segments, sorted)": segments("prod"),
  "SegmentMax(data, segment_ids, num_segments, sorted)": segments("max"),
  "SegmentMin(data, segment_ids, num_segments, sorted)": segments("min"),
  "tf.math.unsorted_segment_sum(data, segment_ids, num_segments)": segments(
    "sum",
  ),
  "tf.math.unsorted_segment_prod(data, segment_ids, num_segments)": segments(
    "prod",
  ),
  "tf.math.unsorted_segment_max(data, segment_ids, num_segments)": segments(
    "max",
  ),
  "tf.math.unsorted_segment_min(data, segment_ids, num_segments)": segments(
    "min",
  ),
  "tf.math.unsorted_segment_mean(data, segment_ids, num_segments)": means,
  "tf.math.bincount(arr:x, weights, minlength, maxlength, dtype, name, axis, binary_output)":
    tfBincount,
  "Bincount(x, weights, minlength, sparse)": bincount,
  "AllClose(x1, x2, rtol, atol, equal_nan)": (ops, args) =>
    ops.all(isClose(ops, args)),
  "PSNR(x1, x2, max_val)": signalToNoise,
});
