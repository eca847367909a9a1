/**
 * Functions of TensorFlow that gather, select and search values.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import { bins } from "./order_operations.ts";
import { framesAlong } from "./window_operations.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, operations } from "./operation.ts";
import {
  constantOf,
  counter,
  knownSize,
  movedAxis,
  normalizedAxis,
  rank,
} from "./operation_forms.ts";

/** Row-major indices of positions along the last axis of `[…, d]`. */
function flatIndices<T>(
  ops: Ops<T>,
  positions: T,
  sizes: readonly number[],
): T {
  let index: T | undefined;
  sizes.forEach((size, i) => {
    const at = ops.takeLast(positions, i);
    const all = constantOf<T>(ops, [size], "int32", []);
    index = index === undefined ? at : ops.add(ops.multiply(index, all), at);
  });
  return index!;
}

/**
 * Values at positions, which are the last axis of the indices: of a constant table,
 * or of the sample of each row with one batch dimension.
 */
const gatherNd: Compute = (ops, args) => {
  args.refuseUnless("batch_dims", 0, 1);
  args.refuseUnless("bad_indices_policy", "");
  const numBatch = args.number("batch_dims", 0);
  const x = args.tensor("params");
  const positions = ops.cast(args.tensor("indices"), "int32");
  const depth = knownSize(ops, positions, -1, args.name);
  if (numBatch === 0 && args.isTensor("params")) {
    args.refuse("batch_dims", "be 1, or the params a constant");
  }
  const sizes = Array.from(
    { length: depth },
    (_, i) => knownSize(ops, x, numBatch + i, args.name),
  );
  const flat = depth === 1 ? x : ops.merge(x, numBatch, numBatch + depth - 1);
  const index = flatIndices(ops, positions, sizes);
  if (numBatch === 0) return ops.take(flat, index, 0);
  const shape = ops.shape(index).slice(1) as number[];
  let wide = rank(ops, index) === 1
    ? ops.expandDims(index, 1)
    : rank(ops, index) === 2
    ? index
    : ops.merge(index, 1, rank(ops, index) - 1); // [N, K]
  for (let axis = 2; axis < rank(ops, flat); axis++) {
    const size = knownSize(ops, flat, axis, args.name);
    wide = ops.repeat(ops.expandDims(wide, axis), size, axis);
  }
  const values = ops.takeAlongAxis(flat, wide, 1);
  if (shape.length === 1) return values;
  return shape.length === 0
    ? ops.squeeze(values, 1)
    : ops.unmerge(values, 1, shape);
};

/** Values where a constant mask is true: the size of the result is known. */
const booleanMask: Compute = (ops, args) => {
  const x = args.tensor("tensor");
  if (args.isTensor("mask")) {
    args.refuse("mask", "be a constant, as it gives the size of the result");
  }
  const { data, shape } = args.constant("mask");
  const axis = args.axis(x, 0);
  if (axis === 0) args.refuse("axis", "be 1 or more");
  const isRight = shape.every((size, i) => ops.shape(x)[axis + i] === size);
  if (!isRight || shape.length === 0) {
    args.refuse("mask", "have the sizes of the axes that it selects from");
  }
  const flat = shape.length === 1
    ? x
    : ops.merge(x, axis, axis + shape.length - 1);
  const indices = [...data].flatMap((value, i) => value ? [i] : []);
  return ops.take(flat, constantOf(ops, indices, "int32"), axis);
};

/** How many values of sorted sequences are below each value. */
const searchSorted: Compute = (ops, args) => {
  const sequence = args.tensor("sorted_sequence");
  const values = args.tensor("values");
  args.refuseUnless("out_type", "int32", "int64");
  const bounds = ops.expandDims(sequence, rank(ops, sequence) - 1);
  return bins(ops, values, bounds, {
    isLeft: args.string("side", "left") === "left",
  });
};

/** Reverses the first values of each sequence: as many as its length. */
const reverseSequence: Compute = (ops, args) => {
  const x = args.tensor("input");
  const lengths = ops.cast(args.tensor("seq_lengths"), "int32"); // [N]
  if (normalizedAxis(ops, x, args.number("batch_axis", 0)) !== 0) {
    args.refuse("batch_axis", "be 0");
  }
  const axis = normalizedAxis(ops, x, args.number("seq_axis", 1));
  if (axis === 0) args.refuse("seq_axis", "be 1 or more");
  const first = movedAxis(ops, x, axis, 1); // [N, T, …]
  const steps = counter(ops, knownSize(ops, first, 1, args.name), 1, 2);
  const length = ops.expandDims(lengths, 1); // [N, 1]
  const one = constantOf<typeof x>(ops, [1], "int32", []);
  const back = ops.subtract(ops.subtract(length, one), steps);
  let indices = ops.where(ops.greater(length, steps), back, steps); // [N, T]
  for (let at = 2; at < rank(ops, first); at++) {
    const size = knownSize(ops, first, at, args.name);
    indices = ops.repeat(ops.expandDims(indices, at), size, at);
  }
  return movedAxis(ops, ops.takeAlongAxis(first, indices, 1), 1, axis);
};

/** Whether the target is one of the `k` largest predictions. */
/** Frames of an axis: `[…, number of frames, length, …]`. */
const frame: Compute = (ops, args) => {
  const x = args.tensor("signal");
  args.refuseUnless("pad_end", false);
  const axis = args.axis(x, -1);
  if (axis === 0) args.refuse("axis", "be 1 or more");
  const [length, step] = [
    args.number("frame_length"),
    args.number("frame_step"),
  ];
  const size = knownSize(ops, x, axis, args.name);
  if (length > size) args.refuse("frame_length", `be at most ${size}`);
  return framesAlong(ops, x, axis, { size, length, step });
};

/** Factories by name. */
export const TF_INDEXING: FactoryTable = operations({
  "compat.v1.boolean_mask(tensor, mask, name, axis)": booleanMask,
  "compat.v1.gather_nd(params, indices, name, batch_dims, bad_indices_policy)":
    gatherNd,
  "reverse_sequence(input, seq_lengths, seq_axis, batch_axis)": reverseSequence,
  "searchsorted(sorted_sequence, values, side, out_type)": searchSorted,
  "signal.frame(signal, frame_length, frame_step, pad_end, pad_value, axis)":
    frame,
}, "tf.");
