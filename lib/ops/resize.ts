/**
 * Resizing of images, axis by axis: each output position is a weighted sum of
 * input positions, its taps.
 *
 * The taps are constants if the input size is known. Otherwise they are
 * computed in the run with the arithmetic of {@linkcode interpolationTaps}:
 * 32-bit floats in the same order of operations, so that taps are bitwise
 * equal.
 *
 * @module
 */
import { interpolationTaps } from "./interpolation.ts";
import type { Ops } from "./ops.ts";

/** The interpolation between positions. */
export type Interpolation = "nearest" | "bilinear" | "bicubic";

/** An axis to resize. */
export interface ResizedAxis<T> {
  /** The axis of `[N, H, W, D]`. */
  readonly axis: 1 | 2;
  /** Its input size: a number, or a float computed in the run. */
  readonly before: number | T;
  /** Its output size. */
  readonly after: number;
}

/**
 * Index and weight of one tap for each output position: `[after]` int32,
 * `[after]` float32.
 */
interface Tap<T> {
  readonly index: T;
  readonly weight: T | undefined;
}

/**
 * Resizes one axis of images.
 *
 * @param ops The engine's operations.
 * @param x Images, `[N, H, W, D]`.
 * @param resized The axis, with its input and output size.
 * @param interpolation The interpolation.
 * @returns Images with the output size along the axis.
 */
export function resizeAxis<T>(
  ops: Ops<T>,
  x: T,
  { axis, before, after }: ResizedAxis<T>,
  interpolation: Interpolation,
): T {
  if (before === after) return x;
  const taps = typeof before === "number"
    ? knownTaps(ops, before, after, interpolation)
    : tapsAtRun(ops, before, after, interpolation);
  const parts = taps.map(({ index, weight }) => {
    const values = ops.take(x, index, axis);
    if (weight === undefined) return values;
    const shape = axis === 1 ? [after, 1, 1] : [after, 1];
    return ops.multiply(values, ops.reshape(weight, shape));
  });
  return parts.reduce((sum, part) => ops.add(sum, part));
}

function knownTaps<T>(
  ops: Ops<T>,
  before: number,
  after: number,
  interpolation: Interpolation,
): Tap<T>[] {
  const taps = interpolationTaps(before, after, interpolation);
  return taps.map(({ indices, weights }) => ({
    index: ops.constant({ data: indices, shape: [after], dtype: "int32" }),
    weight: interpolation === "nearest"
      ? undefined
      : ops.constant({ data: weights, shape: [after], dtype: "float32" }),
  }));
}

function tapsAtRun<T>(
  ops: Ops<T>,
  before: T,
  after: number,
  interpolation: Interpolation,
): Tap<T>[] {
  const centers = ops.constant({
    data: Float32Array.from({ length: after }, (_, i) => i + 0.5),
    shape: [after],
    dtype: "float32",
  });
  const scale = ops.divide(before, ops.constant(after));
  const center = ops.multiply(centers, scale); // [after]
  const last = ops.subtract(before, ops.constant(1));
  const bounded = (index: T) =>
    ops.minimum(ops.maximum(index, ops.constant(0)), last);
  const integer = (index: T) => ops.cast(bounded(index), "int32");
  if (interpolation === "nearest") {
    return [{ index: integer(ops.floor(center)), weight: undefined }];
  }
  const at = ops.subtract(center, ops.constant(0.5));
  const below = ops.floor(at);
  const fraction = ops.subtract(at, below);
  if (interpolation === "bilinear") {
    return [
      {
        index: integer(below),
        weight: ops.subtract(ops.constant(1), fraction),
      },
      { index: integer(ops.ceil(at)), weight: fraction },
    ];
  }
  return cubicTaps(ops, below, fraction, bounded);
}

/** Keys' kernel, `a = −0.5`, over four taps; those outside have weight 0. */
function cubicTaps<T>(
  ops: Ops<T>,
  below: T,
  fraction: T,
  bounded: (index: T) => T,
): Tap<T>[] {
  const table = ops.constant(1024);
  const step = ops.round(ops.multiply(fraction, table));
  const x = ops.divide(step, table);
  const rest = ops.divide(ops.subtract(table, step), table);
  const taps = [
    { offset: -1, weight: far(ops, x) },
    { offset: 0, weight: near(ops, x) },
    { offset: 1, weight: near(ops, rest) },
    { offset: 2, weight: far(ops, rest) },
  ].map(({ offset, weight }) => {
    const wanted = ops.add(below, ops.constant(offset));
    const index = bounded(wanted);
    const isInside = ops.equal(index, wanted);
    return {
      index: ops.cast(index, "int32"),
      weight: ops.where(isInside, weight, ops.constant(0)),
    };
  });
  const sum = taps.map(({ weight }) => weight).reduce((a, b) => ops.add(a, b));
  return taps.map(({ index, weight }) => ({
    index,
    weight: ops.divide(weight, sum),
  }));
}

/** `((a + 2) x − (a + 3)) x² + 1`, for distances to 1. */
function near<T>(ops: Ops<T>, x: T): T {
  const slope = ops.subtract(
    ops.multiply(ops.constant(1.5), x),
    ops.constant(2.5),
  );
  const square = ops.multiply(x, x);
  return ops.add(ops.multiply(slope, square), ops.constant(1));
}

/** `((a z − 5a) z + 8a) z − 4a` at `z = x + 1`, for distances from 1 to 2. */
function far<T>(ops: Ops<T>, x: T): T {
  const z = ops.add(x, ops.constant(1));
  const first = ops.add(ops.multiply(ops.constant(-0.5), z), ops.constant(2.5));
  const second = ops.subtract(ops.multiply(first, z), ops.constant(4));
  return ops.add(ops.multiply(second, z), ops.constant(2));
}
