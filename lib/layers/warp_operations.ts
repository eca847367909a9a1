/**
 * Operations of `keras.ops.image` that sample images at other coordinates.
 *
 * Source: Keras 3.15 `keras.ops.image` on TensorFlow.
 *
 * @module
 */
import { roundHalfToEven } from "../math/round_half_to_even.ts";
import type { Ops } from "../ops/ops.ts";
import { projectedImages } from "./_warps.ts";
import { solved } from "./elimination_operations.ts";
import { onImages } from "./image_operations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, entryAt, knownSize, rank } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** Four corners, `[N, 4, 2]` or `[1, 4, 2]`. */
function corners<T>(ops: Ops<T>, args: Arguments<T>, key: string): T {
  if (args.isTensor(key)) return ops.float(args.tensor(key));
  const { data, shape } = args.constant(key);
  const first = [...data.slice(0, 8)];
  if (shape.length > 2 && data.some((value, i) => value !== first[i % 8])) {
    args.refuse(key, "be the same for all images");
  }
  return constantOf(ops, first, "float32", [1, 4, 2]);
}

/** The transform that moves four corners to four others, `[N, 8]`. */
function homography<T>(
  ops: Ops<T>,
  start: T,
  end: T,
  args: Arguments<T>,
): T {
  const at = (points: T, i: number, axis: number) =>
    ops.takeLast(
      ops.squeeze(entryAt(ops, points, 1, i), 1),
      axis,
    ); // [N]
  const rows: T[] = [];
  const values: T[] = [];
  for (let i = 0; i < 4; i++) {
    const [x, y] = [at(end, i, 0), at(end, i, 1)];
    const one = ops.add(ops.multiply(x, c(ops, 0)), c(ops, 1));
    const zero = ops.multiply(x, c(ops, 0));
    for (const axis of [0, 1]) {
      const target = at(start, i, axis);
      const point = [x, y, one];
      const none = [zero, zero, zero];
      const minus = ops.negative(target);
      rows.push(ops.stack([
        ...(axis === 0 ? [...point, ...none] : [...none, ...point]),
        ops.multiply(minus, x),
        ops.multiply(minus, y),
      ], 1));
      values.push(target);
    }
  }
  return solved(ops, ops.stack(rows, 1), ops.stack(values, 1), args);
}

const perspectiveTransform: Compute = (ops, args) => {
  const interpolation = args.string("interpolation", "bilinear");
  if (interpolation !== "bilinear" && interpolation !== "nearest") {
    args.refuse("interpolation", "be bilinear or nearest");
  }
  const start = corners(ops, args, "start_points");
  const end = corners(ops, args, "end_points");
  if (rank(ops, start) !== 3 || rank(ops, end) !== 3) {
    args.refuse("start_points", "be four points, or four for each image");
  }
  const transforms = homography(ops, start, end, args);
  return onImages(
    ops,
    args,
    (images) =>
      projectedImages(ops, images, transforms, {
        mode: "constant",
        interpolation: interpolation as "bilinear" | "nearest",
        fill: args.number("fill_value", 0),
        name: args.name,
      }),
  );
};

/** A position along an axis, its weight, and whether it is inside. */
interface Neighbour {
  readonly index: number;
  readonly weight: number;
  readonly isIn: boolean;
}

/** An index inside of an axis, as Keras on TensorFlow maps it. */
function indexInside(index: number, size: number, mode: string): number {
  const mod = (x: number, by: number) => ((x % by) + by) % by;
  if (mode === "wrap") return mod(index, size);
  if (mode === "constant" || mode === "nearest") {
    return Math.min(Math.max(index, 0), size - 1);
  }
  const rest = mod(Math.abs(index), 2 * size);
  if (rest < size) return rest;
  return 2 * size - rest - (mode === "reflect" ? 1 : 0);
}

function neighboursOf(
  at: number,
  size: number,
  order: number,
  mode: string,
): Neighbour[] {
  const floor = Math.floor(at);
  const upper = Math.fround(at - floor);
  const taps = order === 0
    ? [[roundHalfToEven(at), 1] as const]
    : [[floor, Math.fround(1 - upper)], [floor + 1, upper]] as const;
  return taps.map(([index, weight]) => ({
    index: indexInside(index, size, mode),
    weight,
    isIn: mode !== "constant" || (index >= 0 && index < size),
  }));
}

const MODES = /^(constant|nearest|wrap|mirror|reflect)$/;

/**
 * Values at coordinates that are constants. The first coordinate is the sample:
 * each row of the result must be of its own sample, at the same positions.
 */
const mapCoordinates: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  const { data, shape } = args.constant("coordinates");
  const order = args.number("order");
  const mode = args.string("fill_mode", "constant");
  if (order !== 0 && order !== 1) args.refuse("order", "be 0 or 1");
  if (!MODES.test(mode)) {
    args.refuse("fill_mode", "be constant, nearest, wrap, mirror or reflect");
  }
  const axes = rank(ops, x);
  if (shape[0] !== axes || shape.length < 2) {
    args.refuse("coordinates", `have ${axes} rows, one for each axis`);
  }
  const [numRows, ...rest] = shape.slice(1) as [number, ...number[]];
  const count = rest.reduce((a, b) => a * b, 1);
  const at = (axis: number, row: number, i: number) =>
    data[(axis * numRows + row) * count + i]!;
  for (let row = 0; row < numRows; row++) {
    for (let i = 0; i < count; i++) {
      const isSame = at(0, row, i) === row &&
        Array.from({ length: axes - 1 }, (_, k) => k + 1)
          .every((axis) => at(axis, row, i) === at(axis, 0, i));
      if (isSame) continue;
      args.refuse(
        "coordinates",
        "be those of its own sample in each row, and the same for all",
      );
    }
  }
  const sizes = Array.from(
    { length: axes - 1 },
    (_, i) => knownSize(ops, x, i + 1, args.name),
  );
  const points = Array.from(
    { length: count },
    (_, i) =>
      sizes.map((size, k) => neighboursOf(at(k + 1, 0, i), size, order, mode)),
  );
  const flat = axes === 2 ? x : ops.merge(x, 1, axes - 1);
  const value = weightedSum(ops, ops.float(flat), points, sizes, args);
  const whole = ops.dtype(x) === "int32" ? ops.round(value) : value;
  const typed = ops.cast(whole, ops.dtype(x));
  if (rest.length === 1) return typed;
  return rest.length === 0
    ? ops.squeeze(typed, 1)
    : ops.unmerge(typed, 1, rest);
};

/** Weighted sums of values `[N, positions]` at points. */
function weightedSum<T>(
  ops: Ops<T>,
  flat: T,
  points: readonly (readonly Neighbour[])[][],
  sizes: readonly number[],
  args: Arguments<T>,
): T {
  const fill = args.number("fill_value", 0);
  const numTaps = (points[0] ?? []).reduce(
    (n, neighbours) => n * neighbours.length,
    1,
  );
  const parts = Array.from({ length: numTaps }, (_, tap) => {
    const chosen = points.map((axes) => {
      let rest = tap;
      return axes.map((neighbours) => {
        const neighbour = neighbours[rest % neighbours.length]!;
        rest = Math.floor(rest / neighbours.length);
        return neighbour;
      });
    });
    const indices = chosen.map((neighbours) =>
      neighbours.reduce(
        (index, neighbour, i) => index * sizes[i]! + neighbour.index,
        0,
      )
    );
    if (chosen.some((all) => all.some(({ index }, i) => index >= sizes[i]!))) {
      args.refuse("coordinates", 'lie inside for the mode "mirror"');
    }
    const weights = chosen.map((neighbours) =>
      neighbours.reduce((weight, neighbour) => weight * neighbour.weight, 1)
    );
    const isIn = chosen.map((neighbours) =>
      neighbours.every(({ isIn }) => isIn)
    );
    const values = ops.take(flat, constantOf(ops, indices, "int32"), 1);
    const inner = weights.map((weight, i) => isIn[i] ? weight : 0);
    const outer = weights.map((weight, i) => isIn[i] ? 0 : weight * fill);
    return ops.add(
      ops.multiply(values, constantOf(ops, inner, "float32")),
      constantOf(ops, outer, "float32"),
    );
  });
  return parts.reduce((a, b) => ops.add(a, b));
}

/** Factories by name. */
export const WARP_OPERATIONS: FactoryTable = operations({
  "MapCoordinates(inputs, coordinates, order, fill_mode, fill_value)":
    mapCoordinates,
  "PerspectiveTransform(images, start_points, end_points, interpolation, fill_value, data_format)":
    perspectiveTransform,
});
