/**
 * Functions of TensorFlow over matrices and arrays that `keras.ops` has in
 * another form.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import { offsets } from "./indexing_operations.ts";
import { matrixTransposed } from "./tf_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { tfNorm } from "./linear_operations.ts";
import { type Compute, operations } from "./operation.ts";
import {
  counter,
  integer,
  knownSize,
  paddedAlong,
  rank,
  reduceOptions,
  typeNamed,
} from "./operation_forms.ts";
import { cumprod } from "./reduction_operations.ts";

/** Values near the diagonal, 0 elsewhere; a negative number means all. */
const bandPart: Compute = (ops, args) => {
  const x = args.tensor("input");
  const away = offsets(ops, x);
  const [lower, upper] = [args.number("num_lower"), args.number("num_upper")];
  const zero = ops.cast(ops.constant(0), ops.dtype(x));
  const below = lower < 0 ? x : ops.where(
    ops.greaterEqual(away, integer(ops, -lower)),
    x,
    zero,
  );
  if (upper < 0) return below;
  return ops.where(ops.greaterEqual(integer(ops, upper), away), below, zero);
};

/** Which positions come before each length. */
const sequenceMask: Compute = (ops, args) => {
  const lengths = ops.cast(args.tensor("lengths"), "int32");
  args.demand("maxlen");
  const axes = rank(ops, lengths);
  const steps = counter(ops, args.number("maxlen"), axes, axes + 1);
  const mask = ops.greater(ops.expandDims(lengths, axes), steps);
  const dtype = args.string("dtype", "bool");
  return ops.cast(mask, typeNamed(dtype));
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
  const isOn = ops.equal(offsets(ops, matrix), integer(ops, 0));
  return ops.where(isOn, matrix, ops.cast(ops.constant(0), ops.dtype(x)));
};

const withDiagonal: Compute = (ops, args) => {
  const x = args.tensor("input");
  args.refuseUnless("k", 0);
  const isOn = ops.equal(offsets(ops, x), integer(ops, 0));
  const values = ops.expandDims(args.tensor("diagonal"), rank(ops, x) - 1);
  if (
    knownSize(ops, x, -1, args.name) !== knownSize(ops, x, -2, args.name)
  ) args.refuse("input", "hold square matrices");
  return ops.where(isOn, values, x);
};

/** Values over their norm, and the norm. */
const normalized: Compute = (ops, args) => {
  const length = tfNorm(ops, args.set("keepdims", true));
  return [ops.divide(args.tensor("x"), length), length];
};

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
  const axis = args.axis(x, 0);
  const isReversed = args.boolean("reverse", false);
  const flipped = (y: typeof x) => isReversed ? ops.flip(y, [axis]) : y;
  const ahead = args.set("axis", axis).with("x", flipped);
  let value = cumprod(ops, ahead);
  if (args.boolean("exclusive", false)) {
    const earlier = ops.slice(value, [{ axis, stop: -1 }]);
    value = paddedAlong(ops, earlier, axis, [1, 0], 1);
  }
  return flipped(value);
};

/** Factories by name. */
export const TF_ARRAYS: FactoryTable = operations({
  "linalg.band_part(input, num_lower, num_upper)": bandPart,
  "sequence_mask(lengths, maxlen, dtype)": sequenceMask,
  "linalg.diag(diagonal, k, num_rows, num_cols, padding_value, align)":
    diagonalMatrix,
  "linalg.set_diag(input, diagonal, k, align)": withDiagonal,
  "linalg.matrix_transpose(a, conjugate)": (ops, args) => {
    args.refuseUnless("conjugate", false);
    return matrixTransposed(ops, args.tensor("a"), true);
  },

  "linalg.normalize(tensor:x, ord, axis)": normalized,
  "math.cumprod(x, axis, exclusive, reverse)": runningProduct,
  "math.count_nonzero(input:x, axis, keepdims, dtype)": countNonzero,
  "strided_slice(input_:x, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, var)":
    stridedSlice,
  "keras.backend.batch_flatten(x)": flattened,
}, "tf.");
