import { tf } from "../../tf.ts";
import { cannot } from "../../check.ts";
import type {
  ConvOptions,
  ConvTransposeOptions,
  Ops,
  OpsType,
  PoolingOptions,
  ScanStep,
  SliceRange,
} from "../../ops/ops.ts";
import { promoted } from "../../ops/promotion.ts";
import { resizeAxis } from "../../ops/resize.ts";
import { ShapeOps, type ShapeValue } from "../../ops/shape_ops.ts";
import { axesOf, axisOf } from "../../ops/shapes.ts";
import { sliceBounds } from "../../ops/slice_bounds.ts";
import { conv, convTranspose } from "./tfjs_conv.ts";
import { asNumber, castTo, TfjsElements } from "./tfjs_elements.ts";
import { averagePool, maxPool } from "./tfjs_pool.ts";
import { broadcastTo, einsum, matmul } from "./tfjs_products.ts";
import { withoutGradient } from "./no_gradient.ts";
import { aroundAxis, padAxis, padded, reversed } from "./webgpu_kernels.ts";

/** Checks shapes before a kernel is called. */
const SHAPES = new ShapeOps();

/**
 * Operations that compute immediately, on TF.js tensors of the current backend.
 *
 * Must be called inside `tf.tidy`, which frees intermediate tensors.
 * Differences between backends and {@linkcode Ops} are corrected only in this
 * file and its neighbours.
 */
export class TfjsOps extends TfjsElements implements Ops<tf.Tensor> {
  // ---- shape ----

  sizes(x: tf.Tensor): tf.Tensor {
    return tf.tensor1d(x.shape, "int32");
  }

  reshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
    return shaped(x, SHAPES.reshape(known(x), shape));
  }

  merge(x: tf.Tensor, from: number, to: number): tf.Tensor {
    return shaped(x, SHAPES.merge(known(x), from, to));
  }

  unmerge(x: tf.Tensor, axis: number, sizes: readonly number[]): tf.Tensor {
    return shaped(x, SHAPES.unmerge(known(x), axis, sizes));
  }

  expandDims(x: tf.Tensor, axis: number): tf.Tensor {
    return shaped(x, SHAPES.expandDims(known(x), axis));
  }

  squeeze(x: tf.Tensor, axis: number): tf.Tensor {
    return shaped(x, SHAPES.squeeze(known(x), axis));
  }

  transpose(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
    return tf.transpose(x, axesOf(axes, x.rank));
  }

  concatenate(values: readonly tf.Tensor[], axis: number): tf.Tensor {
    return tf.concat(inOneType(values), axisOf(axis, values[0]!.rank));
  }

  stack(values: readonly tf.Tensor[], axis: number): tf.Tensor {
    return tf.stack(inOneType(values), axisOf(axis, values[0]!.rank + 1));
  }

  slice(x: tf.Tensor, ranges: readonly SliceRange[]): tf.Tensor {
    return emptyOf(SHAPES.slice(known(x), ranges)) ??
      ranges.reduce(sliceAxis, x);
  }

  pad(
    x: tf.Tensor,
    widths: readonly (readonly [number, number])[],
    value = 0,
  ): tf.Tensor {
    return padded(x, widths.map(([before, after]) => [before, after]), value);
  }

  flip(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
    // For booleans, wasm reads out of bounds.
    const flipped = reversed(asNumber(x), axesOf(axes, x.rank));
    return castTo(flipped, this.dtype(x));
  }

  repeat(x: tf.Tensor, times: number, axis: number): tf.Tensor {
    const { shape } = SHAPES.repeat(known(x), times, axis);
    const at = axisOf(axis, x.rank);
    const [, , inner] = aroundAxis(x.shape, at);
    const rows = tf.reshape(x, [-1, 1, inner]);
    return tf.reshape(tf.tile(rows, [1, times, 1]), shape as number[]);
  }

  broadcastLike(x: tf.Tensor, like: tf.Tensor): tf.Tensor {
    const { shape } = SHAPES.broadcastLike(known(x), known(like));
    return broadcastTo(x, shape as number[]);
  }

  // ---- choosing ----

  take(x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
    const empty = emptyOf(SHAPES.take(known(x), known(indices), axis));
    return empty ??
      tf.gather(x, castTo(indices, "int32"), axisOf(axis, x.rank));
  }

  oneHot(indices: tf.Tensor, size: number): tf.Tensor {
    // For floats, wasm writes other values than 1.
    const ones = tf.oneHot(castTo(indices, "int32"), size, 1, 0, "int32");
    return castTo(ones, "float32");
  }

  topK(x: tf.Tensor, k: number): tf.Tensor {
    return emptyOf(SHAPES.topK(known(x), k)) ??
      tf.topk(asNumber(x), k, true).values;
  }

  topKIndices(x: tf.Tensor, k: number): tf.Tensor {
    return emptyOf(SHAPES.topKIndices(known(x), k)) ?? withoutGradient(
      (y) => tf.topk(y, k, true).indices,
      asNumber(x),
    );
  }

  takeAlongAxis(x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
    const at = axisOf(axis, x.rank);
    const kind = SHAPES.takeAlongAxis(known(x), known(indices), at);
    const empty = emptyOf(kind);
    if (empty !== undefined) return empty;
    const { shape } = kind;
    const [outer, size, inner] = aroundAxis(x.shape, at);
    // Index of each value in the flat data: outer · size · inner + index ·
    // inner + inner.
    const offsets = tf.add(
      tf.reshape(
        tf.mul(
          tf.range(0, outer, 1, "int32"),
          tf.scalar(size * inner, "int32"),
        ),
        [outer, 1, 1],
      ),
      tf.reshape(tf.range(0, inner, 1, "int32"), [1, 1, inner]),
    );
    const steps = tf.mul(castTo(indices, "int32"), tf.scalar(inner, "int32"));
    const flat = tf.add(tf.reshape(steps, [outer, -1, inner]), offsets);
    const values = tf.gather(
      tf.reshape(asNumber(x), [-1]),
      tf.reshape(flat, [-1]),
    );
    return castTo(tf.reshape(values, shape as number[]), this.dtype(x));
  }

  takeLast(x: tf.Tensor, index: number): tf.Tensor {
    const kind = SHAPES.takeLast(known(x), index);
    const { shape } = kind;
    const begin = [...shape.map(() => 0), axisOf(index, x.shape.at(-1)!)];
    return emptyOf(kind) ?? tf.reshape(
      tf.slice(x, begin, [...shape as number[], 1]),
      shape as number[],
    );
  }

  // ---- products, maps, sequences ----

  matmul(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    const kind = SHAPES.matmul(known(a), known(b));
    return a.size === 0 || b.size === 0 ? zeros(kind) : matmul(a, b);
  }

  einsum(equation: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    const kind = SHAPES.einsum(equation, known(a), known(b));
    return a.size === 0 || b.size === 0 ? zeros(kind) : einsum(equation, a, b);
  }

  conv(x: tf.Tensor, kernel: tf.Tensor, options: ConvOptions): tf.Tensor {
    const kind = SHAPES.conv(known(x), known(kernel), options);
    if (x.size === 0) return zeros(kind);
    return conv(this.float(x), this.float(kernel), options);
  }

  convTranspose(
    x: tf.Tensor,
    kernel: tf.Tensor,
    options: ConvTransposeOptions,
  ): tf.Tensor {
    const kind = SHAPES.convTranspose(known(x), known(kernel), options);
    if (x.size === 0) return zeros(kind);
    return convTranspose(this.float(x), this.float(kernel), options);
  }

  maxPool(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
    const { dtype } = SHAPES.maxPool(known(x), options);
    return castTo(maxPool(this.float(x), options), dtype);
  }

  averagePool(x: tf.Tensor, options: PoolingOptions): tf.Tensor {
    SHAPES.averagePool(known(x), options);
    return averagePool(this.float(x), options);
  }

  resize(
    x: tf.Tensor,
    size: readonly [number, number],
    interpolation: "nearest" | "bilinear" | "bicubic",
  ): tf.Tensor {
    const { dtype } = SHAPES.resize(known(x), size, interpolation);
    return ([1, 2] as const).reduce(
      (image, axis) =>
        resizeAxis(
          this,
          image,
          { axis, before: x.shape[axis]!, after: size[axis - 1]! },
          interpolation,
        ),
      castTo(x, dtype),
    );
  }

  scan(
    step: (
      state: readonly tf.Tensor[],
      inputs: readonly tf.Tensor[],
    ) => ScanStep<tf.Tensor>,
    initial: readonly tf.Tensor[],
    inputs: readonly tf.Tensor[],
    reverse = false,
  ): ScanStep<tf.Tensor> {
    const steps = inputs.map((x) => tf.unstack(x, 1));
    const length = steps[0]?.length ?? 0;
    if (length === 0 || steps.some((x) => x.length !== length)) {
      throw new TypeError(
        cannot(
          "scan",
          "its inputs must have as many time steps, and one at the least",
          steps.map((x) => x.length),
        ),
      );
    }
    let state = initial;
    const outputs: (readonly tf.Tensor[])[] = [];
    for (let i = 0; i < length; i++) {
      const at = reverse ? length - 1 - i : i;
      const next = tidyStep(() => step(state, steps.map((x) => x[at]!)));
      state = next.state;
      outputs.push(next.outputs);
    }
    const first = outputs[0]!;
    return {
      state,
      outputs: first.map((_, i) => this.stack(outputs.map((o) => o[i]!), 1)),
    };
  }
}

/** Frees the intermediate tensors of a step. */
function tidyStep(
  step: () => ScanStep<tf.Tensor>,
): ScanStep<tf.Tensor> {
  let numState = 0;
  const values = tf.tidy(() => {
    const { state, outputs } = step();
    numState = state.length;
    return [...state, ...outputs];
  });
  return { state: values.slice(0, numState), outputs: values.slice(numState) };
}

function known(x: tf.Tensor): ShapeValue {
  return { shape: x.shape, dtype: x.dtype as OpsType };
}

function shaped(x: tf.Tensor, { shape }: ShapeValue): tf.Tensor {
  return tf.reshape(x, shape as number[]);
}

function zeros({ shape, dtype }: ShapeValue): tf.Tensor {
  return castTo(tf.zeros(shape as number[]), dtype);
}

/** A result without values, which some kernels of wasm cannot compute. */
function emptyOf(kind: ShapeValue): tf.Tensor | undefined {
  return kind.shape.includes(0) ? zeros(kind) : undefined;
}

function inOneType(values: readonly tf.Tensor[]): tf.Tensor[] {
  const type = promoted(...values.map(({ dtype }) => dtype as OpsType));
  return values.map((x) => castTo(x, type));
}

function sliceAxis(x: tf.Tensor, range: SliceRange): tf.Tensor {
  const axis = axisOf(range.axis, x.rank);
  const { start, length, step } = sliceBounds(x.shape[axis]!, range);
  const begin = x.shape.map(() => 0).with(axis, start);
  if (step === 1) return tf.slice(x, begin, x.shape.with(axis, length));
  return everyNth(x, axis, { start, length, step });
}

/**
 * A slice with steps, by reshaping to rows: TF.js' strided slice has no
 * gradient.
 */
function everyNth(
  x: tf.Tensor,
  axis: number,
  { start, length, step }: ReturnType<typeof sliceBounds>,
): tf.Tensor {
  const wanted = length * step;
  const size = Math.min(wanted, x.shape[axis]! - start);
  const begin = x.shape.map(() => 0).with(axis, start);
  const part = tf.slice(x, begin, x.shape.with(axis, size));
  const [outer, , inner] = aroundAxis(x.shape, axis);
  const rows = tf.reshape(padAxis(part, axis, 0, wanted - size), [
    outer,
    length,
    step,
    inner,
  ]);
  const first = tf.slice(rows, [0, 0, 0, 0], [outer, length, 1, inner]);
  return tf.reshape(first, x.shape.with(axis, length));
}
