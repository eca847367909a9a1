/**
 * Images sampled at coordinates that are computed in the graph.
 *
 * Source: TensorFlow 2.21 `ImageProjectiveTransformV3`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { constantOf, entryAt, knownSize } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** How images are sampled. */
export interface Sampling {
  /** The values outside of the images. */
  readonly mode: "constant" | "nearest" | "reflect" | "wrap";
  readonly interpolation: "nearest" | "bilinear";
  /** The value outside in the mode "constant". */
  readonly fill: number;
  /** The operation's name, for messages. */
  readonly name: string;
}

/** Maps coordinates outside of an axis to those inside. */
function inside<T>(
  ops: Ops<T>,
  at: T,
  size: number,
  mode: Sampling["mode"],
): T {
  if (mode === "constant") return at;
  const last = size - 1;
  const bounded = (x: T) =>
    ops.minimum(ops.maximum(x, c(ops, 0)), c(ops, last));
  if (mode === "nearest") return bounded(at);
  if (size === 1) return ops.multiply(at, c(ops, 0));
  if (mode === "reflect") {
    const rest = ops.mod(at, c(ops, 2 * size));
    const back = ops.subtract(c(ops, 2 * size - 1), rest);
    return bounded(ops.where(ops.greater(c(ops, size), rest), rest, back));
  }
  const periods = (x: T) =>
    ops.multiply(ops.floor(ops.divide(x, c(ops, last))), c(ops, size));
  const below = ops.add(
    at,
    ops.add(periods(ops.negative(at)), c(ops, size)),
  );
  const above = ops.subtract(at, periods(at));
  const isBelow = ops.greater(c(ops, 0), at);
  const isAbove = ops.greater(at, c(ops, last));
  return bounded(ops.where(isBelow, below, ops.where(isAbove, above, at)));
}

function isInside<T>(ops: Ops<T>, at: T, size: number): T {
  return ops.logicalAnd(
    ops.greaterEqual(at, c(ops, 0)),
    ops.greater(c(ops, size), at),
  );
}

/** Nearest integers, halves away from 0. */
function rounded<T>(ops: Ops<T>, x: T): T {
  const size = ops.floor(ops.add(ops.abs(x), c(ops, 0.5)));
  return ops.multiply(ops.sign(x), size);
}

/**
 * Images transformed by `(x, y) ← (ax + by + c, dx + ey + f) / (gx + hy + 1)`.
 *
 * @param ops The engine's operations.
 * @param images `[N, H, W, D]`.
 * @param transforms `a` to `h`, `[N, 8]` or `[1, 8]`.
 * @param sampling How they are sampled.
 * @returns `[N, H, W, D]`.
 */
export function projectedImages<T>(
  ops: Ops<T>,
  images: T,
  transforms: T,
  sampling: Sampling,
): T {
  const { mode, interpolation, fill, name } = sampling;
  const [height, width] = [1, 2].map((axis) =>
    knownSize(ops, images, axis, name)
  ) as [number, number];
  const { x, y, scale } = coordinates(ops, transforms, height, width);
  const isLost = ops.equal(scale, c(ops, 0));
  const safe = ops.where(isLost, c(ops, 1), scale);
  const row = inside(ops, ops.divide(y, safe), height, mode);
  const column = inside(ops, ops.divide(x, safe), width, mode);
  const flat = ops.float(ops.merge(images, 1, 2)); // [N, H · W, D]
  const read = (top: T, left: T) =>
    pixels(ops, flat, [top, left], [height, width], fill);
  const value = interpolation === "nearest"
    ? read(rounded(ops, row), rounded(ops, column))
    : bilinear(ops, read, row, column);
  const all = ops.where(ops.expandDims(isLost, 2), c(ops, fill), value);
  const typed = ops.cast(all, ops.dtype(images));
  return ops.unmerge(typed, 1, [height, width]);
}

/** `ax + by + c`, `dx + ey + f` and `gx + hy + 1` of each pixel, `[N, H · W]`. */
function coordinates<T>(
  ops: Ops<T>,
  transforms: T,
  height: number,
  width: number,
): { x: T; y: T; scale: T } {
  const count = height * width;
  const grid = (value: (i: number) => number) => {
    const values = Array.from({ length: count }, (_, i) => value(i));
    return constantOf(ops, values, "float32", [1, count]);
  };
  const column = grid((i) => i % width);
  const row = grid((i) => Math.floor(i / width));
  const at = (i: number) => entryAt(ops, transforms, 1, i); // [N, 1]
  const form = (i: number, rest: T) =>
    ops.add(
      ops.add(ops.multiply(at(i), column), ops.multiply(at(i + 1), row)),
      rest,
    );
  return { x: form(0, at(2)), y: form(3, at(5)), scale: form(6, c(ops, 1)) };
}

/** Bilinear interpolation between the four pixels around each coordinate. */
function bilinear<T>(
  ops: Ops<T>,
  read: (top: T, left: T) => T,
  row: T,
  column: T,
): T {
  const [top, left] = [ops.floor(row), ops.floor(column)];
  const [low, right] = [ops.add(top, c(ops, 1)), ops.add(left, c(ops, 1))];
  const mixed = (a: T, b: T, [before, after]: [T, T]) =>
    ops.add(
      ops.multiply(ops.expandDims(before, 2), a),
      ops.multiply(ops.expandDims(after, 2), b),
    );
  const along: [T, T] = [
    ops.subtract(right, column),
    ops.subtract(column, left),
  ];
  return mixed(
    mixed(read(top, left), read(top, right), along),
    mixed(read(low, left), read(low, right), along),
    [ops.subtract(low, row), ops.subtract(row, top)],
  );
}

/** Pixels at whole coordinates `[N, P]`; those outside have the fill value. */
function pixels<T>(
  ops: Ops<T>,
  flat: T,
  [row, column]: readonly [T, T],
  [height, width]: readonly [number, number],
  fill: number,
): T {
  const isIn = ops.logicalAnd(
    isInside(ops, row, height),
    isInside(ops, column, width),
  );
  const index = ops.add(ops.multiply(row, c(ops, width)), column);
  const indices = ops.cast(ops.where(isIn, index, c(ops, 0)), "int32");
  const first = ops.slice(flat, [{ axis: 1, start: 0, stop: 1 }]); // [N, 1, D]
  const wide = ops.broadcastLike(ops.expandDims(indices, 2), first);
  const values = ops.takeAlongAxis(flat, wide, 1);
  return ops.where(ops.expandDims(isIn, 2), values, c(ops, fill));
}
