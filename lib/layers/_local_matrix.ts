import type { Ops } from "../ops/ops.ts";

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

/**
 * The spatial sizes of the output.
 *
 * @param sizes The sizes of the layer.
 * @returns One size an axis.
 */
export function outputSizes(
  { input, size, strides, padding }: LocalSizes,
): number[] {
  return input.map((n, i) =>
    padding === "same"
      ? Math.ceil(n / strides[i]!)
      : Math.floor((n - size[i]!) / strides[i]!) + 1
  );
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
 * @returns `[inputs, outputs]`.
 */
export function localMatrix<T>(ops: Ops<T>, kernel: T, sizes: LocalSizes): T {
  const { rows, columns, ranks, count } = connections(sizes);
  if (ops.shape(kernel).length > 1) {
    const mask = Float32Array.from(ranks, (rank) => rank < count ? 1 : 0);
    const shape = [rows, columns];
    const matrix = ops.reshape(kernel, shape);
    const data = { data: mask, shape, dtype: "float32" } as const;
    return ops.multiply(matrix, ops.constant(data));
  }
  const zero = { data: new Float32Array(1), shape: [1], dtype: "float32" };
  const values = ops.concatenate([kernel, ops.constant(zero as never)], 0);
  const indices = { data: ranks, shape: [rows, columns], dtype: "int32" };
  return ops.take(values, ops.constant(indices as never), 0);
}

/** Ranks of the connected pairs, row-major; the number of them for others. */
function connections(sizes: LocalSizes) {
  const { input, depth, filters, size, strides, padding } = sizes;
  const output = outputSizes(sizes);
  const index = flatIndex(sizes, input, depth);
  const outIndex = flatIndex(sizes, output, filters);
  const rows = input.reduce((p, n) => p * n, depth);
  const columns = output.reduce((p, n) => p * n, filters);
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
  return { rows, columns, ranks, count: pairs.length };
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
