/**
 * Operations of `keras.ops` that make series of numbers along a new axis, and
 * Kronecker products.
 *
 * Source: Keras 3.15 `keras.ops.numpy` on TensorFlow.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, rank } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** `num` numbers from start to stop, along a new axis. */
function spaced<T>(ops: Ops<T>, args: Arguments<T>, start: T, stop: T): T {
  args.refuseUnless("retstep", false);
  if (args.has("dtype") && !/^b?float/.test(args.string("dtype"))) {
    args.refuse("dtype", "be a float");
  }
  const count = args.number("num", 50);
  if (!Number.isInteger(count) || count < 1) args.refuse("num", "be 1 or more");
  const first = ops.float(ops.broadcastLike(start, stop));
  const end = ops.float(ops.broadcastLike(stop, start));
  const axis = args.number("axis", 0);
  const at = axis < 0 ? axis + rank(ops, first) + 1 : axis;
  if (count === 1) return ops.expandDims(first, at);
  const last = args.boolean("endpoint", true) ? end : ops.subtract(
    end,
    ops.divide(ops.subtract(end, first), c(ops, count)),
  );
  const step = ops.divide(ops.subtract(last, first), c(ops, count - 1));
  const between = Array.from(
    { length: count - 2 },
    (_, i) => ops.add(first, ops.multiply(step, c(ops, i + 1))),
  );
  return ops.stack([first, ...between, last], at);
}

export const linspace: Compute = (ops, args) =>
  spaced(ops, args, args.tensor("start"), args.tensor("stop"));

const logspace: Compute = (ops, args) => {
  const exponents = linspace(ops, args) as ReturnType<typeof args.tensor>;
  const base = args.number("base", 10);
  if (base <= 0) args.refuse("base", "be above 0");
  return ops.power(c(ops, base), exponents);
};

/** As Keras computes it: with the sign of the start, along the first axis. */
const geomspace: Compute = (ops, args) => {
  args.refuseUnless("axis", 0);
  const start = ops.float(args.tensor("start"));
  const stop = ops.float(args.tensor("stop"));
  const exponent = (x: typeof start) =>
    ops.divide(ops.log(ops.abs(x)), ops.log(c(ops, 10)));
  const size = ops.power(
    c(ops, 10),
    spaced(ops, args, exponent(start), exponent(stop)),
  );
  return ops.multiply(size, ops.sign(start));
};

/** Powers of each value along a new last axis. */
const vander: Compute = (ops, args) => {
  const x = args.tensor("x");
  args.demand("N");
  const isFloat = ops.dtype(x) === "float32";
  let power = isFloat
    ? ops.broadcastLike(c(ops, 1), x)
    : ops.cast(ops.broadcastLike(c(ops, 1), x), "int32");
  const powers = [power];
  while (powers.length < args.number("N")) {
    power = ops.multiply(power, x);
    powers.push(power);
  }
  if (!args.boolean("increasing", false)) powers.reverse();
  return ops.stack(powers, rank(ops, x));
};

/**
 * Each value of the first times the whole second, block by block. One of the
 * two has one row: the product of two batches would join their samples.
 */
const kron: Compute = (ops, args) => {
  const [a, b] = args.pair("x1", "x2");
  const axes = Math.max(rank(ops, a), rank(ops, b));
  const wide = (x: typeof a) => {
    let y = x;
    while (rank(ops, y) < axes) y = ops.expandDims(y, 0);
    return y;
  };
  let [p, q] = [wide(a), wide(b)];
  if (![p, q].some((x) => ops.shape(x)[0] === 1)) {
    args.refuse("x2", "have a first axis of size 1, or the other input");
  }
  for (let axis = axes - 1; axis > 0; axis--) {
    p = ops.expandDims(p, axis + 1);
    q = ops.expandDims(q, axis);
  }
  let product = ops.multiply(p, q);
  for (let axis = 1; axis < axes; axis++) {
    product = ops.merge(product, axis, axis + 1);
  }
  return product;
};

/** Factories by name. */
export const SERIES_OPERATIONS: FactoryTable = operations({
  "Geomspace(start, stop, num, endpoint, dtype, axis)": geomspace,
  "Kron(x1, x2)": kron,
  "Linspace(start, stop, num, endpoint, retstep, dtype, axis)": linspace,
  "Logspace(start, stop, num, endpoint, base, dtype, axis)": logspace,
  "Ndim(x)": (ops, args) =>
    constantOf(ops, [rank(ops, args.tensor("x"))], "int32", []),
  "Vander(x, N, increasing)": vander,
});
