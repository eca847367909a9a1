/**
 * What a computation may ask of an engine.
 *
 * A layer, a shaping or a given postprocessing is written once, over this
 * interface, and never knows what `T` is: a tensor that holds values already,
 * a name in a graph that is being recorded, or a shape alone. An engine is an
 * implementation; {@linkcode ShapeOps} is the one without values.
 *
 * Operations are named and meant as in `keras.ops`: arguments broadcast as in
 * NumPy, axes may be negative, maps are channels last. Nothing changes its
 * arguments.
 *
 * @module
 */
import type { NdArray } from "../types.ts";

/** Settings of a reduction. */
export interface ReduceOptions {
  /** Axes to reduce over; default: all. */
  readonly axis?: number | readonly number[];
  /** Whether the axes stay, with size 1. @default {false} */
  readonly keepdims?: boolean;
}

/** Operations over an opaque `T`. */
export interface Ops<T> {
  /** Sizes of the axes; null where they are not known before the run. */
  shape(x: T): readonly (number | null)[];
  /** A value known now; numbers become float32 scalars. */
  constant(value: number | NdArray<Float32Array | Int32Array>): T;

  /** `a + b`. */
  add(a: T, b: T): T;
  /** `a − b`. */
  subtract(a: T, b: T): T;
  /** `a · b`, element by element. */
  multiply(a: T, b: T): T;
  /** `a / b`, element by element. */
  divide(a: T, b: T): T;
  /** `a ^ b`, element by element. */
  power(a: T, b: T): T;
  /** The larger of the two; NaN if either is. */
  maximum(a: T, b: T): T;
  /** `a > b`, as booleans; false where either is NaN. */
  greater(a: T, b: T): T;
  /** `a` where the condition holds, `b` elsewhere. */
  where(condition: T, a: T, b: T): T;

  /** Exponential. */
  exp(x: T): T;
  /** Square root. */
  sqrt(x: T): T;
  /** Absolute value. */
  abs(x: T): T;
  /** −1, 0 or 1. */
  sign(x: T): T;
  /** Booleans or integers as float32. */
  float(x: T): T;

  /** Sum over axes. */
  sum(x: T, options?: ReduceOptions): T;
  /** Mean over axes. */
  mean(x: T, options?: ReduceOptions): T;
  /** Largest value over axes; NaN if one is. */
  max(x: T, options?: ReduceOptions): T;

  /** The same values in another shape; −1 for the one size that follows. */
  reshape(x: T, shape: readonly number[]): T;
  /** Axes `from` to `to` as one, row-major; their sizes need not be known. */
  merge(x: T, from: number, to: number): T;
  /** Axes in another order. */
  transpose(x: T, axes: readonly number[]): T;
  /** Matrix product over the last two axes; the others broadcast. */
  matmul(a: T, b: T): T;
  /** One value after another put along a new axis. */
  stack(values: readonly T[], axis: number): T;
  /** The `k` largest values along the last axis, descending. */
  topK(x: T, k: number): T;
  /** One place along the last axis, which is gone afterwards. */
  takeLast(x: T, index: number): T;
}
