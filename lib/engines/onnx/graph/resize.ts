/**
 * Resizing of maps, axis after axis, as a sum of weighted places.
 *
 * Which places with what weights is known where the size is; where it is not,
 * they are worked out in the run, by the arithmetic of
 * {@linkcode interpolationTaps}: the same 32-bit floats in the same order, so
 * that no place falls to the other side of a border.
 *
 * @module
 */
import { interpolationTaps } from "../../../ops/interpolation.ts";
import type { Ops } from "../../../ops/ops.ts";

/** How values between places are found. */
export type Interpolation = "nearest" | "bilinear" | "bicubic";

/** One axis that is resized. */
export interface ResizedAxis<T> {
  /** The axis of `[N, H, W, D]`. */
  readonly axis: 1 | 2;
  /** Its size before: a number, or a float of the run. */
  readonly before: number | T;
  /** Its size afterwards. */
  readonly after: number;
}

/** A place that each new place is made of: `[after]` integers, `[after]` floats. */
interface Tap<T> {
  readonly index: T;
  readonly weight: T | undefined;
}

/**
 * Resizes one axis of a map.
 *
 * @param ops The engine's operations.
 * @param x The map, `[N, H, W, D]`.
 * @param resized Which axis, from what to what.
 * @param interpolation How.
 * @returns The map with the new size along the axis.
 */
export function resizeAxis<T>(
  ops: Ops<T>,
  x: T,
  { axis, before, after }: ResizedAxis<T>,
  interpolation: Interpolation,
): T {
  const taps = typeof before === "number"
    ? knownTaps(ops, before, after, interpolation)
    : tapsAtRun(ops, before, after, interpolation);
  const parts = taps.map(({ index, weight }) => {
    const taken = ops.take(x, index, axis);
    if (weight === undefined) return taken;
    const shape = axis === 1 ? [after, 1, 1] : [after, 1];
    return ops.multiply(taken, ops.reshape(weight, shape));
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
  const centres = ops.constant({
    data: Float32Array.from({ length: after }, (_, i) => i + 0.5),
    shape: [after],
    dtype: "float32",
  });
  const scale = ops.divide(before, ops.constant(after));
  const place = ops.multiply(centres, scale); // [after]
  const last = ops.subtract(before, ops.constant(1));
  const bounded = (index: T) =>
    ops.minimum(ops.maximum(index, ops.constant(0)), last);
  const integer = (index: T) => ops.cast(bounded(index), "int32");
  if (interpolation === "nearest") {
    return [{ index: integer(ops.floor(place)), weight: undefined }];
  }
  const at = ops.subtract(place, ops.constant(0.5));
  const below = ops.floor(at);
  const share = ops.subtract(at, below);
  if (interpolation === "bilinear") {
    return [
      {
        index: integer(below),
        weight: ops.subtract(ops.constant(1), share),
      },
      { index: integer(ops.ceil(at)), weight: share },
    ];
  }
  return cubicTaps(ops, below, share, bounded);
}

/** Keys' kernel, `a = −0.5`, over four places; those beyond the border count 0. */
function cubicTaps<T>(
  ops: Ops<T>,
  below: T,
  share: T,
  bounded: (index: T) => T,
): Tap<T>[] {
  const table = ops.constant(1024);
  const step = ops.round(ops.multiply(share, table));
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
