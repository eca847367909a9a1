/**
 * Shared forms of operations: unary, binary, reductions.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops, OpsType, ReduceOptions } from "../ops/ops.ts";
import { axisOf } from "../ops/shapes.ts";
import {
  type Arguments,
  type Compute,
  type ComputeOne,
  UnknownSizeError,
} from "./operation.ts";

/** A function of one tensor. */
export type Unary = <T>(ops: Ops<T>, x: T) => T;

/** A function of two tensors that broadcast. */
export type Binary = <T>(ops: Ops<T>, a: T, b: T) => T;

/** A function that removes axes. */
export type Reduction = <T>(ops: Ops<T>, x: T, options: ReduceOptions) => T;

/** `f(x)`. */
export function unary(compute: Unary): Compute {
  return (ops, args) => compute(ops, args.tensor("x"));
}

/** `f(x1, x2)`, with broadcasting. */
export function binary(compute: Binary): Compute {
  return (ops, args) => compute(ops, ...args.pair("x1", "x2"));
}

/** A reduction with Keras' arguments. */
export function reduction(compute: Reduction): Compute {
  return (ops, args) => {
    // Keras' backends differ in what "dtype" means.
    for (const key of ["initial", "dtype"]) args.refuseUnless(key);
    return compute(ops, args.tensor("x"), reduceOptions(args));
  };
}

/**
 * Functions of one form, as rows for {@linkcode operations}.
 *
 * @param table Functions by names, as in `"Abs | tf.math.abs"`.
 * @param form The form, as {@linkcode unary}.
 * @param keras The parameters in Keras.
 * @param tf The parameters in TensorFlow, for names that start with `tf.`.
 * @returns Computations by names and signature.
 */
export function operationRows<F>(
  table: Readonly<Record<string, F>>,
  form: (compute: F) => Compute,
  keras: string,
  tf: string,
): Record<string, Compute> {
  const rows = Object.entries(table).flatMap(([names, compute]) =>
    names.split(" | ").map((name) => [
      `${name}(${name.startsWith("tf.") ? tf : keras})`,
      form(compute),
    ])
  );
  return Object.fromEntries(rows);
}

/** The arguments with `x` in the type `dtype`, if that is passed. */
export function castFirst<T>(ops: Ops<T>, args: Arguments<T>): Arguments<T> {
  return args.has("dtype") ? args.with("x", () => cast(ops, args)) : args;
}

/** The axes of an operation: one by default, all where Keras writes null. */
export function axesOfCall<T>(
  ops: Ops<T>,
  args: Arguments<T>,
  x: T,
  fallback = -1,
): number[] {
  if (args.has("axis")) return args.ints("axis");
  return args.raw("axis") === null ? [...ops.shape(x).keys()] : [fallback];
}

/** `axis` and `keepdims` of a reduction. */
export function reduceOptions<T>(args: Arguments<T>): ReduceOptions {
  const axis = args.has("axis") ? { axis: args.ints("axis") } : {};
  return { ...axis, keepdims: args.boolean("keepdims", false) };
}

/** Rounds towards 0; integers are unchanged. */
export function truncated<T>(ops: Ops<T>, x: T): T {
  if (ops.dtype(x) !== "float32") return x;
  return ops.multiply(ops.sign(x), ops.floor(ops.abs(x)));
}

/** The quotient, rounded towards 0; exact for integers. */
export function truncatedQuotient<T>(ops: Ops<T>, a: T, b: T): T {
  const isWhole = ops.dtype(a) === "int32" && ops.dtype(b) === "int32";
  if (!isWhole) return truncated(ops, ops.divide(a, b));
  const isRounded = ops.logicalOr(
    ops.equal(ops.mod(a, b), ops.cast(ops.constant(0), "int32")),
    ops.equal(ops.sign(a), ops.sign(b)),
  );
  const floor = ops.floorDivide(a, b);
  return ops.add(floor, ops.cast(ops.logicalNot(isRounded), "int32"));
}

export function isInfinite<T>(ops: Ops<T>, x: T): T {
  return ops.equal(ops.abs(ops.float(x)), ops.constant(Infinity));
}

export function isFinite<T>(ops: Ops<T>, x: T): T {
  return ops.logicalNot(ops.logicalOr(isInfinite(ops, x), ops.isNaN(x)));
}

/** Replaces NaN and infinities by numbers. */
export function nanToNum<T>(
  ops: Ops<T>,
  x: T,
  { nan, posinf, neginf }: Readonly<
    Record<"nan" | "posinf" | "neginf", number>
  >,
): T {
  if (ops.dtype(x) !== "float32") return x;
  const isAt = (value: number) => ops.equal(x, ops.constant(value));
  const bounded = ops.where(
    isAt(Infinity),
    ops.constant(posinf),
    ops.where(isAt(-Infinity), ops.constant(neginf), x),
  );
  return ops.where(ops.isNaN(x), ops.constant(nan), bounded);
}

/** The size of an axis, which must be known before the run. */
export function knownSize<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  name: string,
): number {
  const size = ops.shape(x)[normalizedAxis(ops, x, axis)];
  if (typeof size === "number") return size;
  throw new UnknownSizeError(
    cannot(
      `call operation "${name}"`,
      `the size of axis ${axis} must be known`,
      ops.shape(x),
    ),
  );
}

/** Numbers as a constant. */
export function constantOf<T>(
  ops: Ops<T>,
  values: readonly number[],
  dtype: "int32" | "float32",
  shape: readonly number[] = [values.length],
): T {
  return ops.constant(
    dtype === "int32"
      ? { data: Int32Array.from(values), shape, dtype }
      : { data: Float32Array.from(values), shape, dtype },
  );
}

/** An integer as a constant. */
export function integer<T>(ops: Ops<T>, value: number): T {
  return constantOf(ops, [value], "int32", []);
}

/** The values at one index of an axis, which is kept. */
export function entryAt<T>(ops: Ops<T>, x: T, axis: number, index: number): T {
  return ops.slice(x, [{ axis, start: index, stop: index + 1 }]);
}

/** Pads one axis. */
export function paddedAlong<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  [before, after]: readonly [before: number, after: number],
  value = 0,
): T {
  const widths = [...ops.shape(x).keys()].map((i): [number, number] =>
    i === axis ? [before, after] : [0, 0]
  );
  return ops.pad(x, widths, value);
}

/** Moves one axis to another index. */
export function movedAxis<T>(ops: Ops<T>, x: T, from: number, to: number): T {
  const axes = [...ops.shape(x).keys()];
  const [start, end] = [
    normalizedAxis(ops, x, from),
    normalizedAxis(ops, x, to),
  ];
  if (start === end) return x;
  axes.splice(end, 0, ...axes.splice(start, 1));
  return ops.transpose(x, axes);
}

export function variance<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const mean = ops.mean(x, { ...options, keepdims: true });
  const away = ops.subtract(x, mean);
  return ops.mean(ops.multiply(away, away), options);
}

/** `log Σ exp(x)`, without overflow; infinities are not subtracted. */
export function logSumExp<T>(ops: Ops<T>, x: T, options: ReduceOptions): T {
  const kept = { ...options, keepdims: true };
  const largest = ops.max(x, kept);
  const shift = ops.where(isInfinite(ops, largest), ops.constant(0), largest);
  const sum = ops.sum(ops.exp(ops.subtract(x, shift)), kept);
  const value = ops.add(ops.log(sum), shift);
  // There is one value along each axis: its sum only removes the axes.
  return options.keepdims === true ? value : ops.sum(value, options);
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

/** Normalizes an axis to count from 0. */
export function normalizedAxis<T>(ops: Ops<T>, x: T, axis: number): number {
  return axisOf(axis, rank(ops, x));
}

/** The type that computes what Python calls `dtype`. */
export function typeNamed(dtype: string): OpsType {
  if (/^b?float/.test(dtype)) return "float32";
  return dtype === "bool" ? "bool" : "int32";
}

/** Casts to an element type by name. */
export const cast: ComputeOne = (ops, args) => {
  const x = args.tensor("x");
  const dtype = args.string("dtype");
  if (/^(b?float|half|double)/.test(dtype)) return ops.cast(x, "float32");
  if (/^int(32|64)$/.test(dtype)) return ops.cast(x, "int32");
  const narrow = /^(u?)int(8|16)$/.exec(dtype);
  if (narrow !== null) {
    const span = 2 ** Number(narrow[2]);
    return wrapped(
      ops,
      ops.cast(x, "int32"),
      narrow[1] === "u" ? 0 : -span / 2,
      span,
    );
  }
  if (dtype === "bool") return ops.cast(x, "bool");
  return args.refuse("dtype", "be a float, an integer or bool");
};

/** Wraps integers around on overflow. */
export function wrapped<T>(ops: Ops<T>, x: T, low: number, span: number): T {
  const [start, size] = [low, span].map((n) =>
    constantOf(ops, [n], "int32", [])
  );
  return ops.add(ops.mod(ops.subtract(x, start!), size!), start!);
}

/** Integers 0, 1, … along an axis of known size, broadcastable to a rank. */
export function counter<T>(
  ops: Ops<T>,
  size: number,
  axis: number,
  numAxes: number,
): T {
  const shape = Array.from(
    { length: numAxes },
    (_, i) => i === axis ? size : 1,
  );
  const values = Array.from({ length: size }, (_, i) => i);
  return constantOf(ops, values, "int32", shape);
}

/**
 * Integers 0, 1, … along one of the last two axes of a tensor, whose size may be
 * unknown; broadcastable to the tensor.
 *
 * @param ops The engine's operations.
 * @param x The tensor.
 * @param axis -1 or -2.
 * @returns The positions along the axis.
 */
export function positions<T>(ops: Ops<T>, x: T, axis: -1 | -2): T {
  const size = ops.shape(x).at(axis)!;
  if (size !== null) return counter(ops, size, 2 + axis, 2);
  const other = rank(ops, x) - (axis === -1 ? 2 : 1);
  const line = ops.slice(x, [{ axis: other, stop: 1 }]);
  const one = ops.cast(ops.constant(1), "int32");
  const counted = ops.cumsum(ops.broadcastLike(one, line), rank(ops, x) + axis);
  return ops.subtract(counted, one);
}
