/**
 * Functions of TensorFlow over matrices and arrays that `keras.ops` has in
 * another form.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { depthwise, exchanged, tfSoftmax } from "./_tf_functions.ts";
import { softmax } from "./activations.ts";
import { ELIMINATION } from "./elimination_operations.ts";
import { diagonal, trace } from "./indexing_operations.ts";
import type { LayerFactory } from "./layer.ts";
import { cross, tfNorm } from "./linear_operations.ts";
import { pooling } from "./neural_operations.ts";
import { type Arguments, type Compute, operation } from "./operation.ts";
import {
  axisOf,
  constantOf,
  counter,
  knownSize,
  positions,
  rank,
  reduceOptions,
} from "./operation_forms.ts";
import { cumprod } from "./reduction_operations.ts";
import { named } from "./tf_elementwise.ts";

const whole = <T>(ops: Ops<T>, value: number) =>
  constantOf(ops, [value], "int32", []);

/** How far the column is right of the row, for matrices `[…, n, m]`. */
function offsets<T>(ops: Ops<T>, x: T): T {
  return ops.subtract(positions(ops, x, -1), positions(ops, x, -2)); // [n, m]
}

/** Values near the diagonal, 0 elsewhere; a negative number means all. */
const bandPart: Compute = (ops, args) => {
  const x = args.tensor("input");
  const away = offsets(ops, x);
  const [lower, upper] = [args.number("num_lower"), args.number("num_upper")];
  const zero = ops.cast(ops.constant(0), ops.dtype(x));
  const below = lower < 0 ? x : ops.where(
    ops.greaterEqual(away, whole(ops, -lower)),
    x,
    zero,
  );
  if (upper < 0) return below;
  return ops.where(ops.greaterEqual(whole(ops, upper), away), below, zero);
};

/** Which positions come before each length. */
const sequenceMask: Compute = (ops, args) => {
  const lengths = ops.cast(args.tensor("lengths"), "int32");
  if (!args.has("maxlen")) args.refuse("maxlen", "be there");
  const axes = rank(ops, lengths);
  const steps = counter(ops, args.number("maxlen"), axes, axes + 1);
  const mask = ops.greater(ops.expandDims(lengths, axes), steps);
  const dtype = args.has("dtype") ? args.string("dtype") : "bool";
  if (dtype === "bool") return mask;
  return ops.cast(mask, /float/.test(dtype) ? "float32" : "int32");
};

/** Matrices with a diagonal, and 0 elsewhere. */
const diagonalMatrix: Compute = (ops, args) => {
  const x = args.tensor("diagonal");
  args.refuseUnless("k", 0);
  for (const key of ["num_rows", "num_cols"]) args.refuseUnless(key, -1);
  args.refuseUnless("padding_value", 0);
  const wide = ops.expandDims(x, rank(ops, x)); // […, n, 1]
  const matrix = ops.repeat(
    wide,
    knownSize(ops, x, -1, args.name),
    rank(ops, x),
  );
  const isOn = ops.equal(offsets(ops, matrix), whole(ops, 0));
  return ops.where(isOn, matrix, ops.cast(ops.constant(0), ops.dtype(x)));
};

const withDiagonal: Compute = (ops, args) => {
  const x = args.tensor("input");
  args.refuseUnless("k", 0);
  const isOn = ops.equal(offsets(ops, x), whole(ops, 0));
  const values = ops.expandDims(args.tensor("diagonal"), rank(ops, x) - 1);
  if (
    knownSize(ops, x, -1, args.name) !== knownSize(ops, x, -2, args.name)
  ) args.refuse("input", "hold square matrices");
  return ops.where(isOn, values, x);
};

/** Values over their norm, and the norm. */
const normalized: Compute = (ops, args) => {
  const length = tfNorm(ops, args.set("keepdims", true)) as ReturnType<
    typeof args.tensor
  >;
  return [ops.divide(args.tensor("x"), length), length];
};

/** The diagonal of the last two axes. */
function ofLast(compute: Compute): Compute {
  return (ops, args) => compute(ops, args.set("axis1", -2).set("axis2", -1));
}

const countNonzero: Compute = (ops, args) => {
  const isThere = ops.cast(ops.cast(args.tensor("x"), "bool"), "int32");
  args.refuseUnless("dtype", "int64", "int32");
  return ops.sum(isThere, reduceOptions(args));
};

/** Slices with steps forwards. */
const stridedSlice: Compute = (ops, args) => {
  const x = args.tensor("x");
  for (const key of ["ellipsis_mask", "new_axis_mask", "shrink_axis_mask"]) {
    args.refuseUnless(key, 0);
  }
  const [begin, end] = [args.ints("begin"), args.ints("end")];
  const steps = args.has("strides") ? args.ints("strides") : [];
  const isOpen = (key: string, axis: number) =>
    (args.number(key, 0) & (1 << axis)) !== 0;
  return ops.slice(
    x,
    begin.map((start, axis) => {
      const step = steps[axis] ?? 1;
      if (step < 1) args.refuse("strides", "be 1 or more");
      return {
        axis,
        step,
        ...(isOpen("begin_mask", axis) ? {} : { start }),
        ...(isOpen("end_mask", axis) ? {} : { stop: end[axis]! }),
      };
    }),
  );
};

/** All axes of a sample in one. */
const flattened: Compute = (ops, args) => {
  const x = args.tensor("x");
  const sizes = [...ops.shape(x).keys()].slice(1)
    .map((axis) => knownSize(ops, x, axis, args.name));
  return ops.reshape(x, [-1, sizes.reduce((a, b) => a * b, 1)]);
};

/** Products along an axis, also backwards, and without the value itself. */
const runningProduct: Compute = (ops, args) => {
  const x = args.tensor("x");
  args.refuseUnless("exclusive", false);
  const axis = axisOf(ops, x, args.number("axis", 0));
  if (!args.boolean("reverse", false)) {
    return cumprod(ops, args.set("axis", axis));
  }
  const flipped = args.set("axis", axis).with("x", (y) => ops.flip(y, [axis]));
  return ops.flip(cumprod(ops, flipped) as typeof x, [axis]);
};

const POOL = [
  ...["value:inputs", "ksize:pool_size", "strides", "padding", "data_format"],
  ...["name", "input:inputs"],
];

const FUNCTIONS: Readonly<
  Record<string, readonly [readonly string[], Compute]>
> = {
  "linalg.band_part": [["input", "num_lower", "num_upper"], bandPart],
  "sequence_mask": [["lengths", "maxlen", "dtype"], sequenceMask],
  "linalg.diag": [
    ["diagonal", "k", "num_rows", "num_cols", "padding_value", "align"],
    diagonalMatrix,
  ],
  "linalg.set_diag": [["input", "diagonal", "k", "align"], withDiagonal],
  "linalg.diag_part": [
    ["input:x", "k:offset", "padding_value", "align"],
    ofLast(diagonal),
  ],
  "linalg.trace": [["x"], ofLast(trace)],
  "linalg.det": [["input:x"], ELIMINATION.determinant],
  "linalg.inv": [["input:x", "adjoint"], (ops, args) => {
    args.refuseUnless("adjoint", false);
    return ELIMINATION.inverse(ops, args);
  }],
  "linalg.solve": [["matrix:a", "rhs:b", "adjoint"], (ops, args) => {
    args.refuseUnless("adjoint", false);
    return ELIMINATION.solve(ops, args);
  }],
  "linalg.cholesky": [["input:x"], ELIMINATION.cholesky],
  "linalg.matrix_transpose": [["a", "conjugate"], (ops, args) => {
    args.refuseUnless("conjugate", false);
    return exchanged(ops, args.tensor("a"), true);
  }],

  "linalg.normalize": [["tensor:x", "ord", "axis"], normalized],
  "linalg.cross": [
    ["a", "b"],
    (ops, args) => cross(ops, args.tensor("a"), args.tensor("b"), args.name),
  ],
  "math.cumprod": [["x", "axis", "exclusive", "reverse"], runningProduct],
  "math.count_nonzero": [
    ["input:x", "axis", "keepdims", "dtype"],
    countNonzero,
  ],
  "strided_slice": [
    [
      ...["input_:x", "begin", "end", "strides", "begin_mask", "end_mask"],
      ...["ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "var"],
    ],
    stridedSlice,
  ],
  "keras.backend.batch_flatten": [["x"], flattened],
  "compat.v1.nn.softmax": [
    ["logits:x", "axis", "name", "dim:axis"],
    tfSoftmax(softmax),
  ],
  "compat.v1.nn.max_pool": [POOL, pooling("maxPool")],
  "compat.v1.nn.avg_pool": [POOL, pooling("averagePool")],
  "compat.v1.nn.depthwise_conv2d": [[
    ...["input", "filter", "strides", "padding", "rate:dilations", "name"],
    ...["data_format", "dilations"],
  ], depthwise],
  "compat.v1.div": [["x", "y"], divided],
};

/** As Python 2 divides: integers stay whole. */
function divided<T>(ops: Ops<T>, args: Arguments<T>): T {
  const [a, b] = args.pair("x", "y");
  const isWhole = ops.dtype(a) === "int32" && ops.dtype(b) === "int32";
  return isWhole ? ops.floorDivide(a, b) : ops.divide(a, b);
}

/** Factories by name. */
export const TF_ARRAYS: Readonly<Record<string, LayerFactory>> = Object.freeze(
  named(FUNCTIONS, ([parameters, compute]) => operation(parameters, compute)),
);
