/**
 * Operations of `keras.ops` on shapes, order, parts and indices.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.core`, `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, type ComputeOne, operations } from "./operation.ts";
import {
  constantOf,
  entryAt,
  knownSize,
  normalizedAxis,
  rank,
  unary,
} from "./operation_forms.ts";
import { getItem, sliceSpec } from "./slicing.ts";

/**
 * A new shape, in which sizes may be computed in the run: the inferred one, or
 * the number of rows of the tensor itself.
 */
const reshape: Compute = (ops, args) => {
  const key = args.has("newshape") ? "newshape" : "shape";
  const x = args.tensor("x");
  let keepsRows = false;
  const sizes = args.sizes(key).flatMap(({ value, of, input, axes }, i) => {
    if (value !== undefined) return [value];
    if (of === undefined) return [-1];
    const known = ops.shape(of);
    keepsRows ||= i === 0 && axes[0] === 0 && known[0] === null &&
      input === args.indexOf("x");
    return axes.map((at) => known[at] ?? -1);
  });
  const rest = sizes.slice(1);
  const inferred = keepsRows ? rest : sizes;
  if (inferred.filter((size) => size === -1).length > 1) {
    args.refuse(key, "hold at most one size that is not known");
  }
  if (!keepsRows || rest.length === 0) return ops.reshape(x, sizes);
  const line = rank(ops, x) === 1
    ? ops.expandDims(x, 1)
    : ops.merge(x, 1, rank(ops, x) - 1); // [N, …]
  return ops.unmerge(line, 1, rest);
};

const transpose: Compute = (ops, args) => {
  const x = args.tensor("x");
  args.refuseUnless("conjugate", false);
  const axes = args.has("axes")
    ? args.ints("axes")
    : [...ops.shape(x).keys()].reverse();
  return ops.transpose(x, axes);
};

const swapaxes: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = [...ops.shape(x).keys()];
  const [a, b] = [args.number("axis1"), args.number("axis2")]
    .map((axis) => normalizedAxis(ops, x, axis)) as [number, number];
  [axes[a], axes[b]] = [axes[b]!, axes[a]!];
  return ops.transpose(x, axes);
};

const moveaxis: Compute = (ops, args) => {
  const x = args.tensor("x");
  const from = args.ints("source").map((axis) => normalizedAxis(ops, x, axis));
  const to = args.ints("destination").map((axis) =>
    normalizedAxis(ops, x, axis)
  );
  const axes = [...ops.shape(x).keys()].filter((axis) => !from.includes(axis));
  const pairs = to.map((at, i) => [at, from[i]!] as const)
    .sort(([a], [b]) => a - b);
  for (const [at, axis] of pairs) axes.splice(at, 0, axis);
  return ops.transpose(x, axes);
};

const expandDims: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.ints("axis");
  const most = rank(ops, x) + axes.length; // of the result
  return axes.map((axis) => axis < 0 ? axis + most : axis)
    .sort((a, b) => a - b)
    .reduce((y, axis) => ops.expandDims(y, axis), x);
};

const squeeze: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axes = args.has("axis") && args.ints("axis").length > 0
    ? args.ints("axis").map((axis) => normalizedAxis(ops, x, axis))
    : [...ops.shape(x).entries()].filter(([, size]) => size === 1)
      .map(([axis]) => axis);
  return axes.sort((a, b) => b - a).reduce(
    (y, axis) => ops.squeeze(y, axis),
    x,
  );
};

const concatenate: Compute = (ops, args) => {
  const xs = args.tensors("xs");
  return ops.concatenate(
    xs,
    normalizedAxis(ops, xs[0]!, args.number("axis", 0)),
  );
};

const stack: Compute = (ops, args) => {
  const xs = args.tensors("x");
  const axis = args.number("axis", 0);
  return ops.stack(xs, axis < 0 ? axis + rank(ops, xs[0]!) + 1 : axis);
};

/**
 * Concatenates along an axis that depends on the rank; values of lower rank get
 * axes.
 */
function joinedAlong(axis: number, atLeast: number): Compute {
  return (ops, args) => {
    const xs = args.tensors("xs").map((x) => {
      let y = x;
      if (rank(ops, y) === 1 && atLeast > 1 && axis !== 1) {
        y = ops.expandDims(y, 0);
      }
      if (rank(ops, y) === 2 && atLeast === 3) y = ops.expandDims(y, 2);
      return y;
    });
    const at = axis === 1 && rank(ops, xs[0]!) === 1 ? 0 : axis;
    return ops.concatenate(xs, at);
  };
}

/** Splits an axis into equal parts, or at indices. */
function split(fixedAxis?: number, isUneven = false): Compute {
  return (ops, args) => {
    const x = args.tensor("x");
    const axis = normalizedAxis(ops, x, fixedAxis ?? args.number("axis", 0));
    const raw = args.raw("indices_or_sections");
    const size = knownSize(ops, x, axis, args.name);
    if (typeof raw === "number") {
      const fits = Number.isInteger(raw) && raw > 0 &&
        (isUneven || size % raw === 0);
      if (!fits) args.refuse("indices_or_sections", `divide ${size}`);
      const [short, longer] = [Math.floor(size / raw), size % raw];
      const starts = Array.from(
        { length: raw },
        (_, i) => i * short + Math.min(i, longer),
      );
      return partsBetween(ops, x, axis, [...starts, size]);
    }
    const ends = args.ints("indices_or_sections").map((index) =>
      Math.min(index < 0 ? Math.max(index + size, 0) : index, size)
    );
    return partsBetween(ops, x, axis, [0, ...ends, size]);
  };
}

/** The parts of an axis from each index to the next. */
export function partsBetween<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  bounds: readonly number[],
): T[] {
  return bounds.slice(1).map((stop, i) =>
    ops.slice(x, [{
      axis,
      start: bounds[i]!,
      stop: Math.max(stop, bounds[i]!),
    }])
  );
}

const unstack: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = args.axis(x, 0);
  const size = knownSize(ops, x, axis, args.name);
  if (args.has("num")) args.refuseUnless("num", size);
  return Array.from(
    { length: size },
    (_, i) => ops.squeeze(entryAt(ops, x, axis, i), axis),
  );
};

/** Pads with a number, or by mirroring. */
const pad: Compute = (ops, args) => {
  const mode = args.has("mode")
    ? args.string("mode").toLowerCase()
    : "constant";
  const x = args.tensor("x");
  const widths = padWidths(args.raw("pad_width"), rank(ops, x));
  if (widths === undefined) {
    return args.refuse("pad_width", "be whole numbers, two for each axis");
  }
  if (mode === "constant") {
    const value = args.number("constant_values", 0);
    return ops.pad(x, widths, value);
  }
  if (mode !== "reflect" && mode !== "symmetric") {
    return args.refuse("mode", 'be "constant", "reflect" or "symmetric"');
  }
  return widths.reduce((y, [before, after], axis) => {
    if (before === 0 && after === 0) return y;
    const size = knownSize(ops, y, axis, args.name);
    const indices = mirrored(size, before, after, mode === "reflect");
    return ops.take(y, constantOf(ops, indices, "int32"), axis);
  }, x);
};

/** One number for all axes, a pair for all axes, or a pair per axis. */
function padWidths(
  raw: unknown,
  numAxes: number,
): [number, number][] | undefined {
  const list = [raw].flat() as unknown[];
  const pairs = list.every(Array.isArray)
    ? list as number[][]
    : [list.length === 1 ? [list[0], list[0]] as number[] : list as number[]];
  const all = pairs.length === 1
    ? Array.from({ length: numAxes }, () => pairs[0]!)
    : pairs;
  const isFit = all.length === numAxes &&
    all.every((pair) =>
      pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0)
    );
  return isFit ? all as [number, number][] : undefined;
}

/** Indices of an axis that is mirrored at its ends. */
function mirrored(
  size: number,
  before: number,
  after: number,
  isWithoutEdge: boolean,
): number[] {
  const period = isWithoutEdge ? Math.max(2 * size - 2, 1) : 2 * size;
  return Array.from({ length: before + size + after }, (_, i) => {
    const at = ((i - before) % period + period) % period;
    if (at < size) return at;
    return isWithoutEdge ? period - at : period - 1 - at;
  });
}

const repeat: Compute = (ops, args) => {
  const input = args.tensor("x");
  const x = args.has("axis") ? input : ops.reshape(input, [-1]);
  const axis = args.has("axis") ? args.axis(x) : 0;
  const repeats = args.ints("repeats");
  if (repeats.length === 1) return ops.repeat(x, repeats[0]!, axis);
  const size = knownSize(ops, x, axis, args.name);
  if (repeats.length !== size) {
    args.refuse("repeats", `be one number, or ${size}`);
  }
  const indices = repeats.flatMap((count, i) => Array<number>(count).fill(i));
  return ops.take(x, constantOf(ops, indices, "int32"), axis);
};

export const tile: ComputeOne = (ops, args) => {
  const raw = args.raw("repeats");
  const counts = Array.isArray(raw)
    ? args.ints("repeats")
    : [args.number("repeats")];
  let x = args.tensor("x");
  while (rank(ops, x) < counts.length) x = ops.expandDims(x, 0);
  const start = rank(ops, x) - counts.length;
  return counts.reduce(
    (y, count, i) =>
      count === 1
        ? y
        : ops.concatenate(Array<typeof y>(count).fill(y), start + i),
    x,
  );
};

const flip = (fixed?: number): Compute => (ops, args) => {
  const x = args.tensor("x");
  const axes = fixed !== undefined
    ? [fixed]
    : args.has("axis")
    ? args.ints("axis")
    : [...ops.shape(x).keys()];
  return ops.flip(x, axes.map((axis) => normalizedAxis(ops, x, axis)));
};

const rot90: Compute = (ops, args) => {
  const x = args.tensor("array");
  const axes = (args.has("axes") ? args.ints("axes") : [0, 1])
    .map((axis) => normalizedAxis(ops, x, axis));
  return rotated90(ops, x, args.number("k", 1), [axes[0]!, axes[1]!]);
};

/** Rotates by multiples of 90 degrees, from the first axis of a plane to the second. */
export function rotated90<T>(
  ops: Ops<T>,
  x: T,
  count: number,
  [a, b]: readonly [number, number],
): T {
  const axes = [...ops.shape(x).keys()];
  [axes[a], axes[b]] = [b, a];
  const times = ((count % 4) + 4) % 4;
  if (times === 0) return x;
  if (times === 2) return ops.flip(x, [a, b]);
  return times === 1
    ? ops.transpose(ops.flip(x, [b]), axes)
    : ops.flip(ops.transpose(x, axes), [b]);
}

/** Broadcasts to a shape whose first size may be known only in the run. */
export const broadcastTo: ComputeOne = (ops, args) => {
  let x = args.tensor("x");
  const raw = args.raw("shape");
  if (!Array.isArray(raw)) return args.refuse("shape", "be a list");
  while (rank(ops, x) < raw.length) x = ops.expandDims(x, 0);
  return raw.reduce<typeof x>((y, size, axis) => {
    const is = ops.shape(y)[axis];
    if (is === size || typeof size !== "number" && is !== 1) return y;
    if (is === 1 && typeof size === "number" && size >= 1) {
      return ops.repeat(y, size, axis);
    }
    return args.refuse("shape", "hold the sizes that are there, but for 1");
  }, x);
};

/** Factories by name. */
export const SHAPE_OPERATIONS: FactoryTable = operations({
  "Reshape(x, newshape, shape)": reshape,
  "Ravel(x)": unary((ops, x) => ops.reshape(x, [-1])),
  "Transpose(x, axes)": transpose,
  "Swapaxes(x, axis1, axis2)": swapaxes,
  "Moveaxis(x, source, destination)": moveaxis,
  "ExpandDims(x, axis)": expandDims,
  "Squeeze(x, axis)": squeeze,
  "Concatenate(xs, axis)": concatenate,
  "Stack(x, axis)": stack,
  "Hstack(xs)": joinedAlong(1, 1),
  "Vstack(xs)": joinedAlong(0, 2),
  "Dstack(xs)": joinedAlong(2, 3),
  "Append(x1, x2, axis)": (ops, args) => {
    const [a, b] = [args.tensor("x1"), args.tensor("x2")];
    return args.has("axis")
      ? ops.concatenate([a, b], args.axis(a))
      : ops.concatenate([ops.reshape(a, [-1]), ops.reshape(b, [-1])], 0);
  },
  "Split(x, indices_or_sections, axis)": split(),
  "ArraySplit(x, indices_or_sections, axis)": split(undefined, true),
  "Vsplit(x, indices_or_sections)": split(0),
  "Hsplit(x, indices_or_sections)": split(1),
  "Dsplit(x, indices_or_sections)": split(2),
  "Unstack(x, num, axis)": unstack,
  "GetItem(x, key)": getItem,
  "SlicingOpLambda(tensor, slice_spec, function, var)": sliceSpec,
  "Pad(x, constant_values, pad_width, mode)": pad,
  "Repeat(x, repeats, axis)": repeat,
  "Tile(x, repeats)": tile,
  "Flip(x, axis)": flip(),
  "tf.reverse(tensor:x, axis)": flip(),
  "Flipud(x)": flip(0),
  "Fliplr(x)": flip(1),
  "Rot90(array, k, axes)": rot90,
  "BroadcastTo(x, shape)": broadcastTo,
  "tf.pad | tf.compat.v1.pad(tensor:x, paddings:pad_width, mode, constant_values)":
    pad,
  "tf.unstack(value:x, num, axis)": unstack,
  "tf.stack(values:x, axis)": stack,
  "tf.concat(values:xs, axis)": concatenate,
  "tf.squeeze(input:x, axis)": squeeze,
  "tf.compat.v1.squeeze(input:x, axis, squeeze_dims:axis)": squeeze,
  "tf.expand_dims(input:x, axis)": expandDims,
  "tf.compat.v1.expand_dims(input:x, axis, dim:axis)": expandDims,
  "tf.reshape(tensor:x, shape)": reshape,
  "tf.transpose(a:x, perm:axes, conjugate)": transpose,
  "tf.compat.v1.transpose(a:x, perm:axes, name, conjugate)": transpose,
});
