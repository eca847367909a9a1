import { cannot, shapeText } from "../check.ts";
import { einsumLetters } from "./einsum_letters.ts";
import { convolved, convolvedBack, pooled } from "./map_shapes.ts";
import type { Ops, PoolingOptions, ScanStep, SliceRange } from "./ops.ts";
import { arithmetic, promoted } from "./promotion.ts";
import { joined, ShapeElements, type ShapeValue } from "./shape_elements.ts";
import {
  axesOf,
  axisOf,
  broadcast,
  countOf,
  sameSize,
  type Shape,
} from "./shapes.ts";
import { sliceBounds } from "./slice_bounds.ts";

export type { ShapeValue } from "./shape_elements.ts";
export type { Shape } from "./shapes.ts";

/**
 * Operations on shapes and element types alone.
 *
 * Running a computation over it returns the shape of the result, and throws its
 * errors, without an engine. So code over {@linkcode Ops} needs no separate
 * shape function.
 */
export class ShapeOps extends ShapeElements implements Ops<ShapeValue> {
  // ---- shape ----

  sizes(x: ShapeValue): ShapeValue {
    return { shape: [x.shape.length], dtype: "int32" };
  }

  reshape(x: ShapeValue, shape: readonly number[]): ShapeValue {
    return { shape: filled(countOf(x.shape), shape, x), dtype: x.dtype };
  }

  merge(x: ShapeValue, from: number, to: number): ShapeValue {
    const rank = x.shape.length;
    const [first, last] = [axisOf(from, rank), axisOf(to, rank)];
    return replaced(x, first, last + 1, [
      countOf(x.shape.slice(first, last + 1)),
    ]);
  }

  unmerge(x: ShapeValue, axis: number, sizes: readonly number[]): ShapeValue {
    const at = axisOf(axis, x.shape.length);
    return replaced(x, at, at + 1, filled(x.shape[at]!, sizes, x));
  }

  expandDims(x: ShapeValue, axis: number): ShapeValue {
    const at = axisOf(axis, x.shape.length + 1);
    return replaced(x, at, at, [1]);
  }

  squeeze(x: ShapeValue, axis: number): ShapeValue {
    const at = axisOf(axis, x.shape.length);
    sameSize(x.shape[at]!, 1, () =>
      cannot(
        "squeeze",
        `axis ${axis} of ${shapeText(x.shape)} must have size 1`,
        x.shape[at],
      ));
    return replaced(x, at, at + 1, []);
  }

  transpose(x: ShapeValue, axes: readonly number[]): ShapeValue {
    const order = axesOf(axes, x.shape.length);
    if (new Set(order).size !== x.shape.length) {
      throw new RangeError(
        cannot(
          "transpose",
          `each axis of ${shapeText(x.shape)} must occur once`,
          axes,
        ),
      );
    }
    return { shape: order.map((axis) => x.shape[axis]!), dtype: x.dtype };
  }

  concatenate(values: readonly ShapeValue[], axis: number): ShapeValue {
    const rank = values[0]!.shape.length;
    const at = axisOf(axis, rank);
    const sizes = values.map(({ shape }) => shape[at]!);
    const total = sizes.reduce<number | null>(
      (sum, size) => sum === null || size === null ? null : sum + size,
      0,
    );
    const others = values.map(({ shape }) => shape.with(at, 1));
    return {
      shape: alike(others, "concatenate").with(at, total),
      dtype: promoted(...values.map(({ dtype }) => dtype)),
    };
  }

  stack(values: readonly ShapeValue[], axis: number): ShapeValue {
    const shape = alike(values.map((x) => x.shape), "stack");
    const at = axisOf(axis, shape.length + 1);
    const dtype = promoted(...values.map((x) => x.dtype));
    return replaced({ shape, dtype }, at, at, [values.length]);
  }

  slice(x: ShapeValue, ranges: readonly SliceRange[]): ShapeValue {
    const shape = [...x.shape];
    for (const range of ranges) {
      const at = axisOf(range.axis, shape.length);
      const { length } = sliceBounds(shape[at] ?? 0, range);
      shape[at] = shape[at] === null ? null : length;
    }
    return { shape, dtype: x.dtype };
  }

  pad(
    x: ShapeValue,
    widths: readonly (readonly [number, number])[],
    _value?: number,
  ): ShapeValue {
    if (widths.length !== x.shape.length) {
      throw new TypeError(
        cannot(
          "pad",
          `there must be two widths for each axis of ${shapeText(x.shape)}`,
          widths.length,
        ),
      );
    }
    const shape = x.shape.map((size, i) =>
      size === null ? null : size + widths[i]![0] + widths[i]![1]
    );
    return { shape, dtype: x.dtype };
  }

  flip(x: ShapeValue, axes: readonly number[]): ShapeValue {
    axesOf(axes, x.shape.length);
    return this.cast(x, x.dtype);
  }

  repeat(x: ShapeValue, times: number, axis: number): ShapeValue {
    const at = axisOf(axis, x.shape.length);
    const size = x.shape[at]!;
    return replaced(x, at, at + 1, [size === null ? null : size * times]);
  }

  broadcastLike(x: ShapeValue, like: ShapeValue): ShapeValue {
    return joined(x, like, x.dtype);
  }

  // ---- indexing ----

  take(x: ShapeValue, indices: ShapeValue, axis: number): ShapeValue {
    const at = axisOf(axis, x.shape.length);
    return replaced(x, at, at + 1, indices.shape);
  }

  oneHot(indices: ShapeValue, size: number): ShapeValue {
    return { shape: [...indices.shape, size], dtype: "float32" };
  }

  topK(x: ShapeValue, k: number): ShapeValue {
    const size = x.shape.at(-1) ?? null;
    if (size !== null && k > size) {
      throw new RangeError(
        cannot("compute topK", `"k" must be at most ${size}`, k),
      );
    }
    const shape = [...x.shape.slice(0, -1), k];
    return { shape, dtype: arithmetic(x.dtype) };
  }

  topKIndices(x: ShapeValue, k: number): ShapeValue {
    return { shape: this.topK(x, k).shape, dtype: "int32" };
  }

  takeAlongAxis(
    x: ShapeValue,
    indices: ShapeValue,
    axis: number,
  ): ShapeValue {
    const at = axisOf(axis, x.shape.length);
    const size = indices.shape[at] ?? null;
    const shape = alike(
      [x.shape.with(at, 1), indices.shape.with(at, 1)],
      "take along an axis",
    );
    return { shape: shape.with(at, size), dtype: x.dtype };
  }

  takeLast(x: ShapeValue, index: number): ShapeValue {
    const size = x.shape.at(-1) ?? null;
    if (size !== null) axisOf(index, size);
    return { shape: x.shape.slice(0, -1), dtype: x.dtype };
  }

  // ---- products, convolutions, sequences ----

  matmul(a: ShapeValue, b: ShapeValue): ShapeValue {
    if (a.shape.length < 2 || b.shape.length < 2) {
      throw new TypeError(
        cannot(
          "multiply matrices",
          `both must have two axes or more, as [2, 3]`,
          a.shape.length < 2 ? a.shape : b.shape,
        ),
      );
    }
    sameSize(a.shape.at(-1)!, b.shape.at(-2)!, () =>
      cannot(
        "multiply matrices",
        `the columns of ${shapeText(a.shape)} must be the rows of the other`,
        b.shape,
      ));
    const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return {
      shape: [...outer, a.shape.at(-2)!, b.shape.at(-1)!],
      dtype: arithmetic(a.dtype, b.dtype),
    };
  }

  einsum(equation: string, a: ShapeValue, b: ShapeValue): ShapeValue {
    const letters = einsumLetters(equation, a.shape.length, b.shape.length);
    const sizes = new Map<string, number | null>();
    letters.a.forEach((letter, i) => sizes.set(letter, a.shape[i]!));
    letters.b.forEach((letter, i) => {
      const before = sizes.get(letter);
      if (before === undefined) sizes.set(letter, b.shape[i]!);
      else if (/\d/.test(letter)) {
        sizes.set(letter, broadcast([before], [b.shape[i]!])[0]!);
      } else {
        const size = sameSize(before, b.shape[i]!, () =>
          cannot(
            `compute einsum "${equation}"`,
            `"${letter}" must have the same size in ${shapeText(a.shape)}`,
            b.shape,
          ));
        sizes.set(letter, size);
      }
    });
    return {
      shape: letters.result.map((letter) => sizes.get(letter)!),
      dtype: arithmetic(a.dtype, b.dtype),
    };
  }

  readonly conv = convolved;
  readonly convTranspose = convolvedBack;

  maxPool(x: ShapeValue, options: PoolingOptions): ShapeValue {
    return { ...pooled(x, options), dtype: arithmetic(x.dtype) };
  }

  averagePool(x: ShapeValue, options: PoolingOptions): ShapeValue {
    return { ...pooled(x, options), dtype: "float32" };
  }

  resize(
    x: ShapeValue,
    [height, width]: readonly [number, number],
    interpolation: "nearest" | "bilinear" | "bicubic",
  ): ShapeValue {
    const dtype = interpolation === "nearest" ? x.dtype : "float32";
    return { shape: [x.shape[0]!, height, width, x.shape[3]!], dtype };
  }

  scan(
    step: (
      state: readonly ShapeValue[],
      inputs: readonly ShapeValue[],
    ) => ScanStep<ShapeValue>,
    initial: readonly ShapeValue[],
    inputs: readonly ShapeValue[],
    _reverse?: boolean,
  ): ScanStep<ShapeValue> {
    const lengths = inputs.map(({ shape }) => shape[1]!);
    const length = lengths.reduce<number | null>(
      (a, b) =>
        sameSize(
          a,
          b,
          () =>
            cannot(
              "scan",
              "its inputs must have the same number of time steps",
              lengths,
            ),
        ),
      null,
    );
    const { state, outputs } = step(
      initial,
      inputs.map((x) => replaced(x, 1, 2, [])),
    );
    state.forEach((next, i) => checkState(initial[i]!, next));
    return {
      state,
      outputs: outputs.map((x) => replaced(x, 1, 1, [length])),
    };
  }
}

/** Replaces a range of axes by these sizes. */
function replaced(
  x: ShapeValue,
  from: number,
  to: number,
  sizes: Shape,
): ShapeValue {
  const shape = [...x.shape.slice(0, from), ...sizes, ...x.shape.slice(to)];
  return { shape, dtype: x.dtype };
}

/** Resolves −1 in sizes, if possible. */
function filled(
  total: number | null,
  sizes: readonly number[],
  x: ShapeValue,
): Shape {
  const hole = sizes.indexOf(-1);
  const known = sizes.reduce((n, size) => size === -1 ? n : n * size, 1);
  const fits = total === null ||
    (hole < 0
      ? total === known
      : known === 0
      ? total === 0
      : total % known === 0);
  if (!fits || hole !== sizes.lastIndexOf(-1)) {
    throw new TypeError(
      cannot(
        "reshape",
        `${shapeText(x.shape)} and the new shape must hold as many values`,
        sizes,
      ),
    );
  }
  const rest = total === null ? null : known === 0 ? 0 : total / known;
  return sizes.map((size) => size === -1 ? rest : size);
}

/** Unifies several shapes, which must be equal where known. */
function alike(shapes: readonly Shape[], action: string): Shape {
  return shapes.reduce((a, b) => {
    const message = () =>
      cannot(action, `the shape must be compatible with ${shapeText(a)}`, b);
    if (a.length !== b.length) throw new TypeError(message());
    return a.map((size, i) => sameSize(size, b[i]!, message));
  });
}

/**
 * Checks that a step does not change the shape of the state, which could not be
 * recorded as a loop.
 */
function checkState(before: ShapeValue, after: ShapeValue): void {
  const isSame = before.dtype === after.dtype &&
    before.shape.length === after.shape.length &&
    before.shape.every((size, i) => {
      const next = after.shape[i]!;
      if (size === null || next === null) return size !== 1 && next !== 1;
      return size === next;
    });
  if (isSame) return;
  throw new TypeError(
    cannot(
      "scan",
      `each step must leave a state of ${before.dtype} ${
        shapeText(before.shape)
      }`,
      after.shape,
    ),
  );
}
