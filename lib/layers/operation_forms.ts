/**
 * Forms that many operations share: of one value, of two, over axes.
 *
 * @module
 */
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import { activationNamed } from "./activations.ts";
import type { LayerFactory } from "./layer.ts";
import { type Compute, operation } from "./operation.ts";

const BINARY = ["x1", "x2"];
const REDUCE = ["x", "axis", "keepdims", "initial", "dtype"];

/** `f(x1, x2)`, with broadcasting. */
export function binary(
  compute: <T>(ops: Ops<T>, a: T, b: T) => T,
  parameters = BINARY,
): LayerFactory {
  const [first, second] = parameters as [string, string];
  return operation(
    parameters,
    (ops, args) => compute(ops, args.tensor(first), args.tensor(second)),
  );
}

/** `f(x)`. */
export function unary(
  compute: <T>(ops: Ops<T>, x: T) => T,
  parameters = ["x"],
): LayerFactory {
  return operation(
    parameters,
    (ops, args) => compute(ops, args.tensor(parameters[0]!)),
  );
}

/** An activation of Keras, as an operation. */
export function activation(name: string): LayerFactory {
  return unary((ops, x) => activationNamed(name, 3)!(ops, x));
}

/** A reduction with Keras' arguments. */
export function reduction(
  compute: <T>(ops: Ops<T>, x: T, options: ReduceOptions) => T,
  parameters = REDUCE,
): LayerFactory {
  return operation(parameters, (ops, args) => {
    if (args.has("initial")) args.refuse("initial", "be left out");
    if (args.has("dtype")) args.refuse("dtype", "be left out");
    const axis = args.has("axis") ? { axis: args.ints("axis") } : {};
    const keepdims = args.boolean("keepdims", false);
    return compute(ops, args.tensor(parameters[0]!), { ...axis, keepdims });
  });
}

export function variance<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const mean = ops.mean(x, { ...options, keepdims: true });
  const away = ops.subtract(x, mean);
  return ops.mean(ops.multiply(away, away), options);
}

export function logSumExp<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const largest = ops.max(x, { ...options, keepdims: true });
  const sum = ops.sum(ops.exp(ops.subtract(x, largest)), options);
  return ops.add(ops.log(sum), ops.max(x, options));
}

export function square<T>(ops: Ops<T>, x: T): T {
  return ops.multiply(x, x);
}

export function rsqrt<T>(ops: Ops<T>, x: T): T {
  return ops.divide(ops.constant(1), ops.sqrt(x));
}

export function less<T>(ops: Ops<T>, a: T, b: T): T {
  return ops.greater(b, a);
}

export function rank<T>(ops: Ops<T>, x: T): number {
  return ops.shape(x).length;
}

/** An axis from 0. */
export function axisOf<T>(ops: Ops<T>, x: T, axis: number): number {
  return axis < 0 ? axis + rank(ops, x) : axis;
}

/** Another element type, by its name. */
export const cast: Compute = (ops, args) => {
  const x = args.tensor("x");
  const dtype = args.string("dtype");
  if (/^(b?float|half|double)/.test(dtype)) return ops.cast(x, "float32");
  if (/^int(8|16|32|64)$/.test(dtype)) return ops.cast(x, "int32");
  if (dtype === "bool") return ops.cast(x, "bool");
  return args.refuse("dtype", "be a float, an integer or bool");
};
