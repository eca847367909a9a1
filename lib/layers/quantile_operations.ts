/**
 * Quantiles of `keras.ops`: `q` of the way from the smallest to the largest
 * value along axes of known size.
 *
 * Source: Keras 3.15 `keras.ops.numpy` on TensorFlow.
 *
 * @module
 */
import { roundHalfToEven } from "../math/round_half_to_even.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { knownSize, normalizedAxis } from "./operation_forms.ts";
import { ascending } from "./order_operations.ts";

/** The values to compute a quantile of, along the last axis. */
interface Joined<T> {
  readonly values: T;
  /** Gives a result the axes that were joined, if they are to be kept. */
  readonly finished: (result: T) => T;
}

function joined<T>(ops: Ops<T>, args: Arguments<T>): Joined<T> {
  const x = ops.float(args.tensor("x"));
  const all = [...ops.shape(x).keys()];
  const axes = (args.has("axis") ? args.ints("axis") : all)
    .map((axis) => normalizedAxis(ops, x, axis)).sort((a, b) => a - b);
  const kept = all.filter((axis) => !axes.includes(axis));
  const moved = ops.transpose(x, [...kept, ...axes]);
  const values = axes.length === 1
    ? moved
    : axes.length === all.length
    ? ops.reshape(moved, [-1])
    : ops.merge(moved, kept.length, all.length - 1);
  const isKept = args.boolean("keepdims", false);
  return {
    values,
    finished: (result) =>
      isKept
        ? axes.reduce((y, axis) => ops.expandDims(y, axis), result)
        : result,
  };
}

/** Where a quantile lies between values at two indices. */
interface Position {
  readonly below: number;
  readonly above: number;
  /** The weight of the value above. */
  readonly weight: number;
}

function positionOf<T>(
  q: number,
  size: number,
  args: Arguments<T>,
): Position {
  const at = q * (size - 1);
  const [below, above] = [Math.floor(at), Math.ceil(at)];
  const only = (index: number) => ({ below: index, above: index, weight: 0 });
  switch (args.string("method", "linear")) {
    case "linear":
      return { below, above, weight: Math.fround(at - below) };
    case "lower":
      return only(below);
    case "higher":
      return only(above);
    case "nearest":
      return only(roundHalfToEven(at));
    case "midpoint":
      return { below, above, weight: below === above ? 0 : 0.5 };
    default:
      return args.refuse(
        "method",
        "be linear, lower, higher, midpoint or nearest",
      );
  }
}

function mixed<T>(ops: Ops<T>, below: T, above: T, weight: T): T {
  return ops.add(
    ops.multiply(below, ops.subtract(ops.constant(1), weight)),
    ops.multiply(above, weight),
  );
}

/** A quantile; NaN where a value is. */
function quantileOf<T>(ops: Ops<T>, args: Arguments<T>, q: number): T {
  const { values, finished } = joined(ops, args);
  const size = knownSize(ops, values, -1, args.name);
  const { values: sorted } = ascending(ops, values, args.name);
  const { below, above, weight } = positionOf(q, size, args);
  const first = ops.takeLast(sorted, below);
  const found = weight === 0
    ? first
    : mixed(ops, first, ops.takeLast(sorted, above), ops.constant(weight));
  const isNaN = ops.any(ops.isNaN(values), { axis: -1 });
  return finished(ops.where(isNaN, ops.constant(NaN), found));
}

/** A quantile of the values that are numbers; NaN where none is. */
function nanQuantileOf<T>(ops: Ops<T>, args: Arguments<T>, q: number): T {
  args.refuseUnless("method", "linear");
  const { values, finished } = joined(ops, args);
  const isNaN = ops.isNaN(values);
  const last = ops.shape(values).length - 1;
  const count = ops.sum(ops.float(ops.logicalNot(isNaN)), {
    axis: last,
    keepdims: true,
  }); // […, 1]
  const filled = ops.where(isNaN, ops.constant(Infinity), values);
  const { values: sorted } = ascending(ops, filled, args.name);
  const one = ops.constant(1);
  const at = ops.multiply(
    ops.subtract(ops.maximum(count, one), one),
    ops.constant(q),
  );
  const below = ops.floor(at);
  const pick = (index: T) =>
    ops.takeAlongAxis(sorted, ops.cast(index, "int32"), last);
  const weight = ops.subtract(at, below);
  const first = pick(below);
  const value = ops.where(
    ops.equal(weight, ops.constant(0)),
    first,
    mixed(ops, first, pick(ops.ceil(at)), weight),
  );
  const isNone = ops.equal(count, ops.constant(0));
  const found = ops.where(isNone, ops.constant(NaN), value);
  return finished(ops.squeeze(found, last));
}

/** Quantiles at one `q`, or with a leading axis at several. */
function atEach(
  compute: typeof quantileOf,
  { scale = 1, fixed }: { readonly scale?: number; readonly fixed?: number },
): Compute {
  return (ops, args) => {
    const raw = fixed ?? args.raw("q");
    if (!Array.isArray(raw)) {
      return compute(ops, args, fixed ?? args.number("q") / scale);
    }
    if (raw.length < 2 || !raw.every((q) => typeof q === "number")) {
      args.refuse("q", "be a number, or several");
    }
    return ops.stack(raw.map((q) => compute(ops, args, q / scale)), 0);
  };
}

/** Factories by name. */
export const QUANTILE_OPERATIONS: FactoryTable = operations({
  "Median(x, axis, keepdims)": atEach(quantileOf, { fixed: 0.5 }),
  "Percentile(x, q, axis, method, keepdims)": atEach(quantileOf, {
    scale: 100,
  }),
  "Quantile(x, q, axis, method, keepdims)": (ops, args) => {
    // A saved model of Keras 3.15 ignores the option and computes "linear", but
    // the function that made it does not: no result would be right for both.
    args.refuseUnless("method", "linear");
    return atEach(quantileOf, {})(ops, args);
  },
  "Nanmedian(x, axis, keepdims)": atEach(nanQuantileOf, { fixed: 0.5 }),
  "Nanpercentile(x, q, axis, method, keepdims)": atEach(nanQuantileOf, {
    scale: 100,
  }),
  "Nanquantile(x, q, axis, method, keepdims)": atEach(nanQuantileOf, {}),
});
