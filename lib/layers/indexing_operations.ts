/**
 * Operations of `keras.ops` that select values: by indices, by diagonals, by
 * conditions.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.core`, `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { LayerFactory } from "./layer.ts";
import { type Compute, operation } from "./operation.ts";
import {
  axisOf,
  constantOf,
  knownSize,
  movedAxis,
  positions,
  rank,
} from "./operation_forms.ts";

export const oneHot: Compute = (ops, args) => {
  const x = args.tensor("x");
  const encoded = ops.oneHot(ops.cast(x, "int32"), args.number("num_classes"));
  args.refuseUnless("sparse", false);
  const typed = !args.has("dtype") || /^b?float/.test(args.string("dtype"))
    ? encoded
    : ops.cast(encoded, args.string("dtype") === "bool" ? "bool" : "int32");
  return movedAxis(ops, typed, -1, args.number("axis", -1));
};

/**
 * Gathers values along an axis by indices; negative ones count from the end.
 */
const take: Compute = (ops, args) => {
  const table = args.tensor("x");
  const x = args.has("axis") ? table : ops.reshape(table, [-1]);
  const axis = args.has("axis") ? axisOf(ops, x, args.number("axis")) : 0;
  const indices = ops.cast(args.tensor("indices"), "int32");
  return ops.take(x, fromStart(ops, x, indices, axis), axis);
};

function fromStart<T>(ops: Ops<T>, x: T, indices: T, axis: number): T {
  const size = ops.shape(x)[axis];
  if (typeof size !== "number") return indices;
  const zero = constantOf(ops, [0], "int32", []);
  const behind = ops.add(indices, constantOf(ops, [size], "int32", []));
  return ops.where(ops.greater(zero, indices), behind, indices);
}

const takeAlongAxis: Compute = (ops, args) => {
  const raw = args.tensor("x");
  const wanted = ops.cast(args.tensor("indices"), "int32");
  if (!args.has("axis")) args.refuse("axis", "be there");
  const axis = axisOf(ops, raw, args.number("axis"));
  const size = (x: typeof raw) => ops.shape(x).with(axis, 1);
  const isSame = size(raw).every((n, i) => n === size(wanted)[i]);
  if (!isSame) {
    args.refuse("indices", "have the sizes of the values but for the axis");
  }
  return ops.takeAlongAxis(raw, fromStart(ops, raw, wanted, axis), axis);
};

/** Keeps the values on one side of a diagonal; 0 elsewhere. */
function triangle(isUpper: boolean): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    const k = args.number("k", 0);
    const [rows, columns] = [positions(ops, x, -2), positions(ops, x, -1)];
    const bound = ops.add(rows, constantOf(ops, [k], "int32", []));
    const isIn = isUpper
      ? ops.greaterEqual(columns, bound)
      : ops.greaterEqual(bound, columns);
    const zero = ops.cast(ops.constant(0), ops.dtype(x));
    return ops.where(isIn, x, zero);
  };
}

/** Extracts a diagonal, as a new last axis. */
export const diagonal: Compute = (ops, args) => {
  const x = args.tensor("x");
  const offset = args.number("offset", 0);
  const [a, b] = [args.number("axis1", 0), args.number("axis2", 1)]
    .map((axis) => axisOf(ops, x, axis)) as [number, number];
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

export const trace: Compute = (ops, args) => {
  const values = diagonal(ops, args) as ReturnType<typeof args.tensor>;
  const all = ops.dtype(values) === "bool" ? ops.cast(values, "int32") : values;
  return ops.sum(all, { axis: -1 });
};

/** A slice of fixed size at fixed indices. */
const slicePart: Compute = (ops, args) => {
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
    const dtype = args.has("dtype") ? args.string("dtype") : ops.dtype(x);
    const number = value === undefined
      ? args.tensor("fill_value")
      : ops.constant(value);
    const all = ops.broadcastLike(number, x);
    if (/^b?float/.test(dtype)) return ops.cast(all, "float32");
    return ops.cast(all, dtype === "bool" ? "bool" : "int32");
  };
}

const multiHot: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  args.refuseUnless("sparse", false);
  args.refuseUnless("axis", -1);
  if (args.has("dtype") && !/^b?float/.test(args.string("dtype"))) {
    args.refuse("dtype", "be a float");
  }
  if (rank(ops, x) < 2) args.refuse("inputs", "have 2 axes or more");
  const encoded = ops.oneHot(ops.cast(x, "int32"), args.number("num_classes"));
  return ops.max(encoded, { axis: 1 });
};

/** Factories by name. */
export const INDEXING_OPERATIONS: Readonly<Record<string, LayerFactory>> =
  Object
    .freeze({
      Take: operation(["x", "indices", "axis"], take),
      TakeAlongAxis: operation(["x", "indices", "axis"], takeAlongAxis),
      Tril: operation(["x", "k"], triangle(false)),
      Triu: operation(["x", "k"], triangle(true)),
      Diagonal: operation(["x", "offset", "axis1", "axis2"], diagonal),
      Trace: operation(["x", "offset", "axis1", "axis2"], trace),
      Slice: operation(["inputs", "start_indices", "shape"], slicePart),
      Select: operation(["condlist", "choicelist", "default"], select),
      OnesLike: operation(["x", "dtype"], filled(1)),
      ZerosLike: operation(["x", "dtype"], filled(0)),
      FullLike: operation(["x", "fill_value", "dtype"], filled()),
      OneHot: operation(
        ["x", "num_classes", "axis", "dtype", "sparse"],
        oneHot,
      ),
      MultiHot: operation(
        ["inputs", "num_classes", "axis", "dtype", "sparse"],
        multiHot,
      ),
    });
