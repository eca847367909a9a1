/**
 * Layers and operations that only rearrange their input, over strings: the host
 * moves them before a layer on strings gets them.
 *
 * @module
 */
import { cannot, sizeOf } from "../check.ts";
import type { Ops, SliceRange } from "../ops/ops.ts";
import type { Layer } from "./layer.ts";

/** The source of each value: a batch, or one sample without its axis. */
export interface Rearranged {
  readonly shape: readonly number[];
  /** For each value, its index in the source. */
  readonly indices: Int32Array;
}

/** The operations that move values. */
class MovingOps {
  shape = (x: Rearranged) => x.shape;
  dtype = () => "int32" as const;

  reshape(x: Rearranged, shape: readonly number[]): Rearranged {
    const count = x.indices.length;
    const known = sizeOf(shape.filter((size) => size !== -1));
    const sizes = shape.map((size) => size === -1 ? count / known : size);
    if (sizeOf(sizes) !== count || !sizes.every(Number.isInteger)) {
      throw new TypeError(
        cannot("reshape strings", `${count} values must fit`, shape),
      );
    }
    return { shape: sizes, indices: x.indices };
  }

  expandDims(x: Rearranged, axis: number): Rearranged {
    return this.reshape(x, x.shape.toSpliced(axis, 0, 1));
  }

  squeeze(x: Rearranged, axis: number): Rearranged {
    return this.reshape(x, x.shape.toSpliced(axis, 1));
  }

  merge(x: Rearranged, from: number, to: number): Rearranged {
    const merged = sizeOf(x.shape.slice(from, to + 1));
    return this.reshape(x, x.shape.toSpliced(from, to - from + 1, merged));
  }

  unmerge(x: Rearranged, axis: number, sizes: readonly number[]): Rearranged {
    const known = sizeOf(sizes.filter((size) => size !== -1));
    const split = sizes.map((size) =>
      size === -1 ? x.shape[axis]! / known : size
    );
    return this.reshape(x, x.shape.toSpliced(axis, 1, ...split));
  }

  flip(x: Rearranged, axes: readonly number[]): Rearranged {
    return this.#moved(
      x,
      x.shape,
      (at) =>
        at.map((index, axis) =>
          axes.includes(axis) ? x.shape[axis]! - 1 - index : index
        ),
    );
  }

  transpose(x: Rearranged, axes: readonly number[]): Rearranged {
    return this.#moved(x, axes.map((axis) => x.shape[axis]!), (at) => {
      const from: number[] = [];
      axes.forEach((axis, i) => from[axis] = at[i]!);
      return from;
    });
  }

  slice(x: Rearranged, ranges: readonly SliceRange[]): Rearranged {
    const starts = x.shape.map(() => 0);
    const steps = x.shape.map(() => 1);
    const sizes = [...x.shape];
    for (const { axis, start = 0, stop, step = 1 } of ranges) {
      const size = x.shape[axis]!;
      const clip = (at: number) =>
        Math.min(size, Math.max(0, at < 0 ? at + size : at));
      starts[axis] = clip(start);
      steps[axis] = step;
      const length = clip(stop ?? size) - starts[axis]!;
      sizes[axis] = Math.max(0, Math.ceil(length / step));
    }
    return this.#moved(
      x,
      sizes,
      (at) => at.map((index, axis) => starts[axis]! + index * steps[axis]!),
    );
  }

  #moved(
    x: Rearranged,
    shape: readonly number[],
    sourceOf: (at: readonly number[]) => readonly number[],
  ): Rearranged {
    const indices = Int32Array.from({ length: sizeOf(shape) }, (_, flat) => {
      const at: number[] = [];
      let rest = flat;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at[axis] = rest % shape[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      const index = sourceOf(at).reduce(
        (sum, position, axis) => sum * x.shape[axis]! + position,
        0,
      );
      return x.indices[index]!;
    });
    return { shape, indices };
  }
}

/**
 * Finds how a layer rearranges the values of each sample.
 *
 * @param layer The layer or operation, called on one tensor.
 * @param sizes Sizes of its input, without the batch.
 * @returns Its outputs; undefined if it does anything else, or moves values
 * between samples.
 */
export function rearrangementOf(
  layer: Layer,
  sizes: readonly number[],
): Rearranged[] | undefined {
  const ops = new MovingOps() as unknown as Ops<Rearranged>;
  const count = sizeOf(sizes);
  const outputs = (rows: number): Rearranged[] => {
    const indices = Int32Array.from({ length: rows * count }, (_, i) => i);
    const x = { shape: [rows, ...sizes], indices };
    return layer.call(ops, [x], {}, { masks: [undefined], args: {} });
  };
  try {
    const [one, two] = [outputs(1), outputs(2)];
    const keepsRows = one.every(({ shape, indices }, i) => {
      const both = two[i]!;
      const [, ...sizes] = shape;
      return shape[0] === 1 && `${both.shape}` === `${[2, ...sizes]}` &&
        both.indices.every((index, at) => {
          const row = Math.floor(at / indices.length);
          return index === indices[at % indices.length]! + row * count;
        });
    });
    return keepsRows
      ? one.map(({ shape, indices }) => ({ shape: shape.slice(1), indices }))
      : undefined;
  } catch (error) {
    // It uses an operation that computes, or refuses these sizes.
    if (error instanceof TypeError || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Rearranges the strings of a batch.
 *
 * @param values The strings, `[N, …]`.
 * @param rearranged The output to make.
 * @returns `[N, …shape]`.
 */
export function rearrange(
  { data, shape }: {
    readonly data: readonly string[];
    readonly shape: readonly number[];
  },
  { indices, shape: sizes }: Rearranged,
): { readonly data: string[]; readonly shape: readonly number[] } {
  const rows = shape[0]!;
  const width = sizeOf(shape.slice(1));
  const strings = Array.from(
    { length: rows * indices.length },
    (_, at) => {
      const row = Math.floor(at / indices.length);
      return data[row * width + indices[at % indices.length]!]!;
    },
  );
  return { data: strings, shape: [rows, ...sizes] };
}
