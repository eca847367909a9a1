/**
 * Operations of `keras.ops` over axes: reductions and cumulative sums.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.math`, `keras.ops.nn`.
 *
 * @module
 */
import { withLastAxes } from "./_over_time.ts";
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import {
  type Arguments,
  type Compute,
  type ComputeOne,
  operations,
} from "./operation.ts";
import {
  binary,
  castFirst,
  integer,
  knownSize,
  logSumExp,
  nanToNum,
  normalizedAxis,
  operationRows,
  paddedAlong,
  rank,
  reduceOptions,
  type Reduction,
  reduction,
  square,
  truncatedQuotient,
  variance,
} from "./operation_forms.ts";

/** A reduction in which NaN is replaced by `instead`. */
function nanReduction(
  instead: number,
  compute: Reduction,
  ofNone?: number,
): Compute {
  return reduction((ops, x, options) => {
    if (ops.dtype(x) !== "float32") return compute(ops, x, options);
    const isNaN = ops.isNaN(x);
    const value = compute(
      ops,
      ops.where(isNaN, ops.constant(instead), x),
      options,
    );
    if (ofNone === undefined) return value;
    return ops.where(ops.all(isNaN, options), ops.constant(ofNone), value);
  });
}

function numbersIn<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  return ops.sum(ops.float(ops.logicalNot(ops.isNaN(x))), options);
}

function nanMean<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const sum = ops.sum(ops.where(ops.isNaN(x), ops.constant(0), x), options);
  return ops.divide(sum, numbersIn(ops, x, options));
}

function nanVariance<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const mean = nanMean(ops, x, { ...options, keepdims: true });
  const away = ops.subtract(x, mean);
  return nanMean(ops, ops.multiply(away, away), options);
}

/**
 * Reads the axis of an operation; with null, or without one and a fallback,
 * flattens the values.
 */
export function along<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  fallback?: number,
): { x: T; axis: number } {
  const x = args.tensor("x");
  const isFlat = args.raw("axis") === null ||
    fallback === undefined && !args.has("axis");
  return isFlat
    ? { x: ops.reshape(x, [-1]), axis: 0 }
    : { x, axis: args.axis(x, fallback) };
}

/** A cumulative sum or product, in `log2(size)` steps. */
function running<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  name: string,
  { join, neutral }: {
    join: "multiply" | "maximum" | "minimum";
    neutral: number;
  },
): T {
  const size = knownSize(ops, x, axis, name);
  let value = ops.dtype(x) === "bool" ? ops.cast(x, "int32") : x;
  for (let step = 1; step < size; step *= 2) {
    const earlier = ops.slice(value, [{ axis, stop: size - step }]);
    const before = paddedAlong(ops, earlier, axis, [step, 0], neutral);
    value = ops[join](value, before);
  }
  return value;
}

/** Cumulative sums, also reversed or exclusive. */
const cumsum: Compute = (ops, args) => {
  const { x, axis } = along(ops, castFirst(ops, args));
  const isReversed = args.boolean("reverse", false);
  const ahead = isReversed ? ops.flip(x, [axis]) : x;
  const all = ops.cumsum(ahead, axis);
  const sum = args.boolean("exclusive", false) ? delayed(ops, all, axis) : all;
  return isReversed ? ops.flip(sum, [axis]) : sum;
};

/** Moves values to the next index of an axis; the first is 0. */
function delayed<T>(ops: Ops<T>, x: T, axis: number): T {
  const earlier = ops.slice(x, [{ axis, stop: -1 }]);
  return paddedAlong(ops, earlier, axis, [1, 0]);
}

export const cumprod: ComputeOne = (ops, args) => {
  const { x, axis } = along(ops, castFirst(ops, args));
  return running(ops, x, axis, args.name, { join: "multiply", neutral: 1 });
};

/** A reduction in which NaN is replaced by a number. */
function counting(nan: number, compute: Compute): Compute {
  return (ops, args) =>
    compute(
      ops,
      args.with("x", (x) =>
        nanToNum(ops, x, { nan, posinf: Infinity, neginf: -Infinity })),
    );
}

/** Differences of neighbours, `n` times. */
const diff: Compute = (ops, args) => {
  const a = args.tensor("a");
  const axis = args.axis(a, -1);
  let x = a;
  for (let i = args.number("n", 1); i > 0; i--) {
    const later = ops.slice(x, [{ axis, start: 1 }]);
    const earlier = ops.slice(x, [{ axis, stop: -1 }]);
    x = ops.dtype(a) === "bool"
      ? ops.logicalNot(ops.equal(later, earlier))
      : ops.subtract(later, earlier);
  }
  return x;
};

const average: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.has("axis") ? args.ints("axis") : undefined;
  const over = axis === undefined ? {} : { axis };
  if (!args.has("weights")) return ops.mean(x, over);
  let weights = ops.float(args.tensor("weights"));
  if (rank(ops, weights) < rank(ops, x) && axis?.length === 1) {
    const later = rank(ops, x) - normalizedAxis(ops, x, axis[0]!) - 1;
    weights = withLastAxes(ops, weights, later);
  }
  const product = ops.multiply(x, weights);
  const all = ops.broadcastLike(weights, product);
  return ops.divide(ops.sum(product, over), ops.sum(all, over));
};

const trapezoid: Compute = (ops, args) => {
  const y = args.tensor("y");
  if (args.has("x")) args.refuse("x", "be left out");
  const axis = args.axis(y, -1);
  const sum = ops.add(
    ops.slice(y, [{ axis, start: 1 }]),
    ops.slice(y, [{ axis, stop: -1 }]),
  );
  const step = ops.constant(args.number("dx", 1) / 2);
  return ops.multiply(ops.sum(sum, { axis }), step);
};

/** Mean and variance. */
const moments: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  args.refuseUnless("synchronized", false);
  const options = {
    axis: args.ints("axes"),
    keepdims: args.boolean("keepdims", false),
  };
  return [ops.mean(x, options), variance(ops, x, options)];
};

/** The maximum or minimum, with an optional initial value. */
function extreme(
  kind: "max" | "min",
  join: "maximum" | "minimum",
): Compute {
  return (ops, args) => {
    const value = ops[kind](args.tensor("x"), reduceOptions(args));
    return args.has("initial")
      ? ops[join](value, args.tensor("initial"))
      : value;
  };
}

/** Names of TensorFlow stand beside those of Keras for the same function. */
const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  "Sum | tf.math.reduce_sum": (ops, x, o) => ops.sum(x, o),
  "Mean": (ops, x, o) => ops.mean(x, o),
  "tf.math.reduce_mean": (ops, x, o) => {
    if (ops.dtype(x) !== "int32") return ops.mean(x, o);
    const each = ops.broadcastLike(integer(ops, 1), x);
    return truncatedQuotient(ops, ops.sum(x, o), ops.sum(each, o));
  },
  "Prod | tf.math.reduce_prod": (ops, x, o) => ops.prod(x, o),
  "Any | tf.math.reduce_any": (ops, x, o) => ops.any(ops.cast(x, "bool"), o),
  "All | tf.math.reduce_all": (ops, x, o) => ops.all(ops.cast(x, "bool"), o),
  "Var | tf.math.reduce_variance": variance,
  "Std | tf.math.reduce_std": (ops, x, o) => ops.sqrt(variance(ops, x, o)),
  "Logsumexp | tf.math.reduce_logsumexp": logSumExp,
  "tf.math.reduce_euclidean_norm": (ops, x, o) =>
    ops.sqrt(ops.sum(square(ops, x), o)),
  "tf.math.reduce_max": (ops, x, o) => ops.max(x, o),
  "tf.math.reduce_min": (ops, x, o) => ops.min(x, o),
};

/** Factories by name. */
export const REDUCTION_OPERATIONS: FactoryTable = operations({
  ...operationRows(
    REDUCTIONS,
    reduction,
    "x, axis, keepdims, initial, dtype",
    "input_tensor:x, axis, keepdims",
  ),
  "Max | Amax(x, axis, keepdims, initial)": extreme("max", "maximum"),
  "Min | Amin(x, axis, keepdims, initial)": extreme("min", "minimum"),
  "Ptp(x, axis, keepdims)": reduction((ops, x, o) =>
    ops.subtract(ops.max(x, o), ops.min(x, o))
  ),
  "CountNonzero(x, axis)": reduction((ops, x, o) =>
    ops.sum(ops.cast(ops.cast(x, "bool"), "int32"), o)
  ),
  "Average(x, weights, axis)": average,
  "Moments(x, axes, keepdims, synchronized)": moments,
  "Nansum(x, axis, keepdims)": nanReduction(0, (ops, x, o) => ops.sum(x, o)),
  "Nanprod(x, axis, keepdims)": nanReduction(1, (ops, x, o) => ops.prod(x, o)),
  "Nanmax(x, axis, keepdims)": nanReduction(
    -Infinity,
    (ops, x, o) => ops.max(x, o),
    NaN,
  ),
  "Nanmin(x, axis, keepdims)": nanReduction(
    Infinity,
    (ops, x, o) => ops.min(x, o),
    NaN,
  ),
  "Nanmean(x, axis, keepdims)": reduction(nanMean),
  "Nanvar(x, axis, keepdims)": reduction(nanVariance),
  "Nanstd(x, axis, keepdims)": reduction((ops, x, o) =>
    ops.sqrt(nanVariance(ops, x, o))
  ),
  "Cumsum(x, axis, dtype)": cumsum,
  "Cumprod(x, axis, dtype)": cumprod,
  "Nancumsum(x, axis, dtype)": counting(0, cumsum),
  "Nancumprod(x, axis, dtype)": counting(1, cumprod),
  "Diff(a, n, axis)": diff,
  "Trapezoid(y, x, dx, axis)": trapezoid,
  "IsIn(x1, x2, assume_unique, invert)": (ops, args) => {
    const [x, set] = [args.tensor("x1"), args.tensor("x2")];
    const list = ops.reshape(set, [-1]);
    const isEqual = ops.equal(ops.expandDims(x, rank(ops, x)), list);
    const isIn = ops.any(isEqual, { axis: -1 });
    return args.boolean("invert", false) ? ops.logicalNot(isIn) : isIn;
  },
  "Vdot(x1, x2)": binary((ops, a, b) => ops.sum(ops.multiply(a, b))),
  "tf.nn.moments(x, axes, shift, keepdims)": (ops, args) => {
    args.refuseUnless("shift");
    return moments(ops, args);
  },
  "tf.math.cumsum(x, axis, exclusive, reverse)": (ops, args) =>
    cumsum(ops, args.orElse("axis", 0)),
});
