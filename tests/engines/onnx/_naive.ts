/**
 * Convolutions and pooling by their definition, position by position: what the
 * recorded ones are compared with.
 *
 * @module
 */
import { floats, type Values } from "./_recorded.ts";

/** Windows along the spatial axes. */
export interface NaiveWindows {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: "same" | "valid";
}

const product = (sizes: readonly number[]) => sizes.reduce((p, n) => p * n, 1);

/** All indices of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<number[]> {
  for (let at = 0; at < product(shape); at++) {
    let rest = at;
    yield shape.map((_, axis) => {
      const below = product(shape.slice(axis + 1));
      const index = Math.floor(rest / below);
      rest %= below;
      return index;
    });
  }
}

/** One value, by its indices. */
export function at({ data, shape }: Values, index: readonly number[]): number {
  return data[index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0)]!;
}

/** TensorFlow's: as many windows as fit, or `⌈size / stride⌉` and padding for them. */
function layOut(sizes: readonly number[], windows: NaiveWindows) {
  const { size, strides, dilation, padding } = windows;
  const reach = size.map((k, i) => (k - 1) * dilation[i]! + 1);
  const counts = sizes.map((n, i) =>
    padding === "same"
      ? Math.ceil(n / strides[i]!)
      : Math.ceil((n - reach[i]! + 1) / strides[i]!)
  );
  const before = sizes.map((n, i) => {
    const total = (counts[i]! - 1) * strides[i]! + reach[i]! - n;
    return padding === "same" ? Math.floor(Math.max(total, 0) / 2) : 0;
  });
  return { counts, before };
}

/** Visits the positions of a window; `undefined` for padding. */
function* met(
  position: readonly number[],
  sizes: readonly number[],
  windows: NaiveWindows,
  before: readonly number[],
): Generator<{ tap: number[]; source: number[] }> {
  for (const tap of indices(windows.size)) {
    const source = tap.map((k, i) =>
      position[i]! * windows.strides[i]! + k * windows.dilation[i]! - before[i]!
    );
    if (source.every((s, i) => s >= 0 && s < sizes[i]!)) yield { tap, source };
  }
}

/** Convolution of `[N, …, D]` with `[…, D / groups, C]`. */
export function naiveConv(
  x: Values,
  kernel: Values,
  windows: NaiveWindows,
  groups = 1,
): Values {
  const sizes = x.shape.slice(1, -1);
  const [width, channels] = kernel.shape.slice(-2) as [number, number];
  const { counts, before } = layOut(sizes, windows);
  const shape = [x.shape[0]!, ...counts, channels];
  const data = Array.from(indices(shape), (index) => {
    const [row, channel] = [index[0]!, index.at(-1)!];
    const group = Math.floor(channel / (channels / groups));
    let sum = 0;
    for (
      const { tap, source } of met(index.slice(1, -1), sizes, windows, before)
    ) {
      for (let d = 0; d < width; d++) {
        sum += at(x, [row, ...source, group * width + d]) *
          at(kernel, [...tap, d, channel]);
      }
    }
    return sum;
  });
  return floats(shape, data);
}

/** Pooling of `[N, …, D]`. */
export function naivePool(
  x: Values,
  windows: NaiveWindows,
  pool: (values: readonly number[]) => number,
): Values {
  const sizes = x.shape.slice(1, -1);
  const { counts, before } = layOut(sizes, windows);
  const shape = [x.shape[0]!, ...counts, x.shape.at(-1)!];
  const data = Array.from(indices(shape), (index) => {
    const positions = met(index.slice(1, -1), sizes, windows, before);
    return pool(
      Array.from(
        positions,
        ({ source }) => at(x, [index[0]!, ...source, index.at(-1)!]),
      ),
    );
  });
  return floats(shape, data);
}

/**
 * The gradient of a convolution by its input, which is a transposed convolution
 * of `[N, …, D]` with `[…, C, D]`. `positions` are the sizes of that input.
 */
export function naiveConvTranspose(
  x: Values,
  kernel: Values,
  windows: NaiveWindows,
  positions: readonly number[],
): Values {
  const { size, strides, dilation, padding } = windows;
  const [channels, width] = kernel.shape.slice(-2) as [number, number];
  const before = positions.map((n, i) => {
    const reach = (size[i]! - 1) * dilation[i]! + 1;
    const total = (x.shape[i + 1]! - 1) * strides[i]! + reach - n;
    return padding === "same" ? Math.floor(Math.max(total, 0) / 2) : 0;
  });
  const shape = [x.shape[0]!, ...positions, channels];
  const data = new Float64Array(product(shape));
  for (const index of indices(x.shape.slice(0, -1))) {
    const [row, ...position] = index;
    for (const { tap, source } of met(position, positions, windows, before)) {
      for (let c = 0; c < channels; c++) {
        const target = [row!, ...source, c]
          .reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
        for (let d = 0; d < width; d++) {
          data[target]! += at(x, [...index, d]) * at(kernel, [...tap, c, d]);
        }
      }
    }
  }
  return floats(shape, data);
}
