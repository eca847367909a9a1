/**
 * Operations of `keras.ops` that select values: by indices, by diagonals, by
 * conditions.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.core`, `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, type ComputeOne, operations } from "./operation.ts";
import {
  constantOf,
  integer,
  knownSize,
  movedAxis,
  normalizedAxis,
  positions,
  rank,
  typeNamed,
} from "./operation_forms.ts";

export const oneHot: ComputeOne = (ops, args) => {
  const x = args.tensor("x");
  const encoded = ops.oneHot(ops.cast(x, "int32"), args.number("num_classes"));
  args.boolean("sparse", false); // a sparse result has the values of a dense one
  const typed = ops.cast(encoded, typeNamed(args.string("dtype", "float32")));
  return movedAxis(ops, typed, -1, args.number("axis", -1));
};

/**
 * Gathers values along an axis by indices; negative ones count from the end.
 */
const take: Compute = (ops, args) => {
  const table = args.tensor("x");
  const x = args.has("axis") ? table : ops.reshape(table, [-1]);
  const axis = args.has("axis") ? args.axis(x) : 0;
  const indices = ops.cast(args.tensor("indices"), "int32");
  return ops.take(x, fromStart(ops, x, indices, axis), axis);
};

function fromStart<T>(ops: Ops<T>, x: T, indices: T, axis: number): T {
  const size = ops.shape(x)[axis];
  if (typeof size !== "number") return indices;
  const zero = integer(ops, 0);
  const behind = ops.add(indices, integer(ops, size));
  return ops.where(ops.greater(zero, indices), behind, indices);
}

const takeAlongAxis: Compute = (ops, args) => {
  const raw = args.tensor("x");
  const wanted = ops.cast(args.tensor("indices"), "int32");
  args.demand("axis");
  const axis = args.axis(raw);
  const size = (x: typeof raw) => ops.shape(x).with(axis, 1);
  const isSame = size(raw).every((n, i) => n === size(wanted)[i]);
  if (!isSame) {
    args.refuse("indices", "have the sizes of the values but for the axis");
  }
  return ops.takeAlongAxis(raw, fromStart(ops, raw, wanted, axis), axis);
};

/** How far the column is right of the row, for matrices `[…, n, m]`. */
export function offsets<T>(ops: Ops<T>, x: T): T {
  return ops.subtract(positions(ops, x, -1), positions(ops, x, -2)); // [n, m]
}

/** Keeps the values on one side of a diagonal; 0 elsewhere. */
function triangle(isUpper: boolean): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    const k = args.number("k", 0);
    const away = offsets(ops, x);
    const bound = integer(ops, k);
    const isIn = isUpper
      ? ops.greaterEqual(away, bound)
      : ops.greaterEqual(bound, away);
    const zero = ops.cast(ops.constant(0), ops.dtype(x));
    return ops.where(isIn, x, zero);
  };
}

/** Extracts a diagonal, as a new last axis. */
const diagonal: ComputeOne = (ops, args) => {
  const x = args.tensor("x");
  const offset = args.number("offset", 0);
  const [a, b] = [args.number("axis1", 0), args.number("axis2", 1)]
    .map((axis) => normalizedAxis(ops, x, axis)) as [number, number];
  const others = [...ops.shape(x).keys()].filter((i) => i !== a && i !== b);
  const moved = ops.transpose(x, [...others, a, b]);
  const [rows, columns] = [-2, -1].map((axis) =>
    knownSize(ops, moved, axis, args.name)
  ) as [number, number];
  const indices = [];
  for (let i = Math.max(0, -offset); i < rows && i + offset < columns; i++) {
    indices.push(i * columns + i + offset);
  }
  const flat = ops.merge(moved, others.length, others.length + 1);
  return ops.take(flat, constantOf(ops, indices, "int32"), others.length);
};

const trace: Compute = (ops, args) => {
  const values = diagonal(ops, args);
  const all = ops.dtype(values) === "bool" ? ops.cast(values, "int32") : values;
  return ops.sum(all, { axis: -1 });
};

/** A slice of fixed size at fixed indices. */
const slice: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  const starts = args.ints("start_indices");
  const sizes = args.ints("shape");
  return ops.slice(
    x,
    starts.flatMap((start, axis) => {
      const size = sizes[axis]!;
      if (size === -1) return start === 0 ? [] : [{ axis, start }];
      return [{ axis, start, stop: start + size }];
    }),
  );
};

/** Selects by the first condition that is true. */
const select: Compute = (ops, args) => {
  const conditions = args.tensors("condlist");
  const choices = args.tensors("choicelist");
  const otherwise = args.has("default")
    ? args.tensor("default")
    : ops.constant(0);
  return conditions.reduceRight(
    (rest, condition, i) => ops.where(condition, choices[i]!, rest),
    otherwise,
  );
};

function filled(value?: number): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    const dtype = args.string("dtype", ops.dtype(x));
    const number = value === undefined
      ? args.tensor("fill_value")
      : ops.constant(value);
    return ops.cast(ops.broadcastLike(number, x), typeNamed(dtype));
  };
}

const multiHot: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  args.boolean("sparse", false); // a sparse result has the values of a dense one
  if (args.has("dtype") && !/^b?float/.test(args.string("dtype"))) {
    args.refuse("dtype", "be a float");
  }
  if (rank(ops, x) < 2) args.refuse("inputs", "have 2 axes or more");
  const encoded = ops.oneHot(ops.cast(x, "int32"), args.number("num_classes"));
  const last = rank(ops, x);
  const axis = args.axis(encoded, -1);
  const moved = axis === last ? encoded : movedAxis(ops, encoded, last, axis);
  return ops.max(moved, { axis: 1 }); // Keras reduces axis 1, whatever it is
};

/** The diagonal of the last two axes. */
function ofLast(compute: Compute): Compute {
  return (ops, args) => compute(ops, args.set("axis1", -2).set("axis2", -1));
}

/** Factories by name. */
export const INDEXING_OPERATIONS: FactoryTable = operations({
  "Take(x, indices, axis)": take,
  "TakeAlongAxis(x, indices, axis)": takeAlongAxis,
  "Tril(x, k)": triangle(false),
  "Triu(x, k)": triangle(true),
  "Diagonal(x, offset, axis1, axis2)": diagonal,
  "Trace(x, offset, axis1, axis2)": trace,
  "Slice(inputs, start_indices, shape)": slice,
  "Select(condlist, choicelist, default)": select,
  "OnesLike(x, dtype)": filled(1),
  "EmptyLike | ZerosLike(x, dtype)": filled(0),
  "FullLike(x, fill_value, dtype)": filled(),
  "OneHot(x, num_classes, axis, dtype, sparse)": oneHot,
  "MultiHot(inputs, num_classes, axis, dtype, sparse)": multiHot,
  "tf.linalg.diag_part(input:x, k:offset, padding_value, align)": ofLast(
    diagonal,
  ),
  "tf.linalg.trace(x)": ofLast(trace),
  "tf.slice(input_:inputs, begin:start_indices, size:shape)": slice,
  "tf.zeros_like(input:x, dtype)": filled(0),
  "tf.compat.v1.zeros_like(tensor:x, dtype, name, optimize)": filled(0),
  "tf.ones_like(input:x, dtype)": filled(1),
  "tf.compat.v1.ones_like(tensor:x, dtype, name, optimize)": filled(1),
});
