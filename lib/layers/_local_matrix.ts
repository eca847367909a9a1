import type { Ops } from "../ops/ops.ts";
import { numWindows } from "../ops/windows.ts";
import { checkWeight, wrongCall } from "./_checks.ts";

/** The sizes of a locally connected layer, for one sample. */
export interface LocalSizes {
  /** Spatial sizes of the input. */
  readonly input: readonly number[];
  /** Number of channels of the input. */
  readonly depth: number;
  readonly filters: number;
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "same" | "valid";
  readonly channels: "first" | "last";
}

/** Most bytes of the matrix, which is larger than what a file stores. */
const MOST_BYTES = 2 ** 31;

/**
 * The sizes of the output, for one sample.
 *
 * @param sizes The sizes of the layer.
 * @returns Spatial sizes, and the filters where the channels are.
 * @throws {RangeError} If a window does not fit.
 */
export function outputSizes(sizes: LocalSizes): number[] {
  const { filters, strides, padding } = sizes;
  const output = sizes.input.map((n, i) => {
    const [kernel, stride] = [sizes.size[i]!, strides[i]!];
    return numWindows(n, { kernel, stride, dilation: 1, padding })!;
  });
  return withChannels(sizes, output, filters);
}

function withChannels(
  { channels }: LocalSizes,
  sizes: readonly number[],
  depth: number,
): number[] {
  return channels === "last" ? [...sizes, depth] : [depth, ...sizes];
}

/**
 * The weights of a locally connected layer as one matrix, from each value of a
 * sample to each value of its output.
 *
 * Source: tf_keras 2.21, `locally_connected_utils.py`. `implementation=2` stores
 * the whole matrix, and uses the connected pairs; `implementation=3` stores
 * those alone, in the order of outputs, then inputs.
 *
 * @param ops The operations.
 * @param kernel The stored weights.
 * @param sizes The sizes of the layer.
 * @param name The layer's name.
 * @returns `[inputs, outputs]`.
 * @throws {TypeError} If the weights do not have the sizes of the layer, or the
 * matrix is too large.
 */
export function localMatrix<T>(
  ops: Ops<T>,
  kernel: T,
  sizes: LocalSizes,
  name: string,
): T {
  const input = withChannels(sizes, sizes.input, sizes.depth);
  const output = outputSizes(sizes);
  const shape = [input, output].map((axes) => axes.reduce((p, n) => p * n, 1));
  if (4 * shape[0]! * shape[1]! > MOST_BYTES) {
    const rule = `the matrix of its weights must have ${MOST_BYTES} bytes or ` +
      "fewer";
    throw wrongCall(name, rule, shape);
  }
  const stored = ops.shape(kernel);
  const isWhole = stored.length > 1;
  if (isWhole) checkWeight(name, "kernel", stored, [...input, ...output]);
  const { ranks, count } = connections(sizes, shape);
  if (isWhole) {
    const mask = Float32Array.from(ranks, (rank) => rank < count ? 1 : 0);
    const matrix = ops.reshape(kernel, shape);
    const data = { data: mask, shape, dtype: "float32" } as const;
    return ops.multiply(matrix, ops.constant(data));
  }
  checkWeight(name, "kernel", stored, [count]);
  const zero = { data: new Float32Array(1), shape: [1], dtype: "float32" };
  const values = ops.concatenate([kernel, ops.constant(zero as never)], 0);
  const indices = { data: ranks, shape, dtype: "int32" };
  return ops.take(values, ops.constant(indices as never), 0);
}

/** Ranks of the connected pairs, row-major; the number of them for others. */
function connections(sizes: LocalSizes, shape: readonly number[]) {
  const { input, depth, filters, size, strides, padding } = sizes;
  const [rows, columns] = shape as [number, number];
  const whole = outputSizes(sizes);
  const output = sizes.channels === "last"
    ? whole.slice(0, -1)
    : whole.slice(1);
  const index = flatIndex(sizes, input, depth);
  const outIndex = flatIndex(sizes, output, filters);
  const pairs: (readonly [column: number, row: number])[] = [];
  for (const to of positions(output.map((n) => [0, n]))) {
    const window = to.map((at, i): [number, number] => {
      const left = Math.floor(size[i]! / 2);
      const start = at * strides[i]! - (padding === "same" ? left : 0);
      return [Math.max(0, start), Math.min(input[i]!, start + size[i]!)];
    });
    for (const from of positions(window)) {
      for (let d = 0; d < depth; d++) {
        for (let f = 0; f < filters; f++) {
          pairs.push([outIndex(to, f), index(from, d)]);
        }
      }
    }
  }
  pairs.sort(([a, b], [c, d]) => a - c || b - d);
  const ranks = new Int32Array(rows * columns).fill(pairs.length);
  pairs.forEach(([column, row], i) => ranks[row * columns + column] = i);
  return { ranks, count: pairs.length };
}

/** The index of a channel at a position, in a flat sample. */
function flatIndex(
  { channels }: LocalSizes,
  sizes: readonly number[],
  depth: number,
) {
  const area = sizes.reduce((p, n) => p * n, 1);
  return (at: readonly number[], channel: number) => {
    const position = at.reduce((sum, x, i) => sum * sizes[i]! + x, 0);
    return channels === "last"
      ? position * depth + channel
      : channel * area + position;
  };
}

function* positions(
  ranges: readonly (readonly number[])[],
): Generator<number[]> {
  const [first, ...rest] = ranges;
  if (first === undefined) return yield [];
  for (let at = first[0]!; at < first[1]!; at++) {
    for (const others of positions(rest)) yield [at, ...others];
  }
}
