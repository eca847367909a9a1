/**
 * Operations of `keras.ops` that cut values into overlapping windows, add
 * windows, or write one array into another.
 *
 * Source: Keras 3.15 `keras.ops.nn`, `keras.ops.math` and `keras.ops.core` on
 * TensorFlow.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { patchesOf } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { constantOf, knownSize, paddedAlong, rank } from "./operation_forms.ts";

/** Two numbers; one is repeated. */
function pair<T>(args: Arguments<T>, key: string, fallback?: number): number[] {
  if (fallback !== undefined && !args.has(key)) return [fallback, fallback];
  const value = args.ints(key);
  if (value.length > 2) args.refuse(key, "be one number, or two");
  return [value[0]!, value.at(-1)!];
}

/** Sizes, strides and padding of windows on a feature map. */
function windowsOf<T>(args: Arguments<T>) {
  return {
    size: pair(args, "kernel_size"),
    dilation: pair(args, "dilation", 1),
    padding: pair(args, "padding", 0),
    stride: pair(args, "stride", 1),
  };
}

/** Windows of `[N, C, H, W]`, as `[N, C · window, number of windows]`. */
const unfold: Compute = (ops, args) => {
  const x = args.tensor("input");
  if (rank(ops, x) !== 4) args.refuse("input", "have 4 axes");
  const { size, dilation, padding, stride } = windowsOf(args);
  const depth = knownSize(ops, x, 1, args.name);
  const [rows, columns] = padding.map((n) => [n, n] as const);
  const padded = ops.pad(x, [[0, 0], [0, 0], rows!, columns!]);
  const patches = patchesOf(ops, ops.transpose(padded, [0, 2, 3, 1]), {
    size,
    dilation,
    strides: stride,
    padding: "valid",
  }, args.name); // [N, rows, columns, window · C]
  const parts = ops.unmerge(patches, 3, [-1, depth]);
  const channels = ops.transpose(parts, [0, 4, 3, 1, 2]);
  return ops.merge(ops.merge(channels, 3, 4), 1, 2);
};

/** Puts zeros between values, along an axis: `step − 1` after each. */
function spread<T>(ops: Ops<T>, x: T, axis: number, step: number): T {
  if (step === 1) return x;
  const apart = ops.expandDims(x, axis + 1);
  const wide = paddedAlong(ops, apart, axis + 1, [0, step - 1]);
  return ops.slice(ops.merge(wide, axis, axis + 1), [
    { axis, stop: 1 - step },
  ]);
}

/** Adds windows where they overlap: the transpose of `unfold`. */
const fold: Compute = (ops, args) => {
  const x = args.tensor("x");
  if (rank(ops, x) !== 3) args.refuse("x", "have 3 axes");
  const { size, dilation, padding, stride } = windowsOf(args);
  const target = pair(args, "output_size");
  const full = target.map((n, i) => n + 2 * padding[i]!);
  const counts = full.map((n, i) =>
    Math.floor((n - dilation[i]! * (size[i]! - 1) - 1) / stride[i]!) + 1
  );
  const depth = knownSize(ops, x, 1, args.name) / (size[0]! * size[1]!);
  const windows = ops.unmerge(
    ops.unmerge(x, 2, counts),
    1,
    [depth, ...size],
  ); // [N, C, kernel rows, kernel columns, rows, columns]
  const parts = [];
  for (let row = 0; row < size[0]!; row++) {
    for (let column = 0; column < size[1]!; column++) {
      const at = [row, column].map((n, i) => ({
        axis: i + 2,
        start: n,
        stop: n + 1,
      }));
      let part = ops.squeeze(ops.squeeze(ops.slice(windows, at), 3), 2);
      [2, 3].forEach((axis, i) => part = spread(ops, part, axis, stride[i]!));
      const widths = [row, column].map((n, i): [number, number] => {
        const start = n * dilation[i]!;
        return [start, full[i]! - start - (counts[i]! - 1) * stride[i]! - 1];
      });
      parts.push(ops.pad(part, [[0, 0], [0, 0], ...widths]));
    }
  }
  const sum = parts.reduce((a, b) => ops.add(a, b));
  return ops.slice(
    sum,
    [2, 3].map((axis, i) => ({
      axis,
      start: padding[i]!,
      stop: padding[i]! + target[i]!,
    })),
  );
};

/** Overlapping parts of an axis: `[…, number of frames, length, …]`. */
export function framesAlong<T>(
  ops: Ops<T>,
  x: T,
  axis: number,
  { size, length, step }: Readonly<Record<"size" | "length" | "step", number>>,
): T {
  const count = Math.floor((size - length) / step) + 1;
  const indices = Array.from(
    { length: count * length },
    (_, i) => Math.floor(i / length) * step + i % length,
  );
  return ops.take(x, constantOf(ops, indices, "int32", [count, length]), axis);
}

/** Windows of the last axis: `[…, number of windows, length]`. */
const sequences: Compute = (ops, args) => {
  const x = args.tensor("x");
  const [length, step] = [
    args.number("sequence_length"),
    args.number("sequence_stride"),
  ];
  const size = knownSize(ops, x, -1, args.name);
  if (length > size) args.refuse("sequence_length", `be at most ${size}`);
  return framesAlong(ops, x, rank(ops, x) - 1, { size, length, step });
};

/** Writes an array into another one, from a fixed index of each axis. */
const sliceUpdate: Compute = (ops, args) => {
  const x = args.tensor("inputs");
  const updates = ops.cast(args.tensor("updates"), ops.dtype(x));
  const starts = args.ints("start_indices");
  if (starts[0] !== 0 || ops.shape(updates)[0] !== ops.shape(x)[0]) {
    args.refuse("updates", "have the rows of the inputs, from the first on");
  }
  const widths = starts.slice(1).map((start, i): [number, number] => {
    const all = knownSize(ops, x, i + 1, args.name);
    const rest = all - knownSize(ops, updates, i + 1, args.name);
    const before = Math.min(Math.max(start, 0), rest);
    return [before, rest - before];
  });
  if (widths.some(([, after]) => after < 0)) {
    args.refuse("updates", "fit into the inputs");
  }
  // 1 where values are written, for one row.
  const shape = ops.shape(updates).slice(1) as number[];
  const ones = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1);
  const inner = constantOf(ops, ones, "int32", [1, ...shape]);
  const isWritten = ops.cast(ops.pad(inner, [[0, 0], ...widths]), "bool");
  const numbers = ops.dtype(x) === "bool"
    ? ops.cast(updates, "int32")
    : updates;
  const placed = ops.pad(numbers, [[0, 0], ...widths]);
  return ops.where(isWritten, ops.cast(placed, ops.dtype(x)), x);
};

/** Factories by name. */
export const WINDOW_OPERATIONS: FactoryTable = operations({
  "ExtractSequences(x, sequence_length, sequence_stride)": sequences,
  "Fold(x, output_size, kernel_size, dilation, padding, stride)": fold,
  "SliceUpdate(inputs, start_indices, updates)": sliceUpdate,
  "Unfold(input, kernel_size, dilation, padding, stride)": unfold,
});
