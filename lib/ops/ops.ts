/**
 * The operations of an engine.
 *
 * A layer, a shaping or a built-in postprocessing is written once, over this
 * interface, and never knows what `T` is: a tensor that holds values already,
 * a name in a graph that is being recorded, or a shape alone. An engine is an
 * implementation; {@linkcode ShapeOps} is the one without values.
 *
 * Operations are named and meant as in `keras.ops`: arguments broadcast as in
 * NumPy, axes may be negative, maps are channels last. Nothing changes its
 * arguments. Sizes may be unknown before the run, the batch always is: what a
 * layer makes of them it says by {@linkcode Ops.merge} and
 * {@linkcode Ops.unmerge}, which need not know the others.
 *
 * @module
 */
import type { NdArray } from "../types.ts";

/**
 * Element types inside an engine.
 *
 * @category Custom layers
 */
export type OpsType = "float32" | "int32" | "bool";

/**
 * Settings of a reduction.
 *
 * @category Custom layers
 */
export interface ReduceOptions {
  /** Axes to reduce over; default: all. */
  readonly axis?: number | readonly number[];
  /** Whether the axes stay, with size 1. @default {false} */
  readonly keepdims?: boolean;
}

/**
 * Settings of a convolution over `[N, …positions, D]`.
 *
 * @category Custom layers
 */
export interface ConvOptions {
  /** Steps along each spatial axis. */
  readonly strides: readonly number[];
  /** Keras' meaning: `same` gives `ceil(size / stride)` positions, more padding at the end. */
  readonly padding: "same" | "valid";
  /** Distance of the values of the kernel along each spatial axis. */
  readonly dilation: readonly number[];
  /** Into how many groups the channels fall. @default {1} */
  readonly groups?: number;
}

/**
 * Settings of a transposed convolution.
 *
 * @category Custom layers
 */
export interface ConvTransposeOptions {
  /** Positions of the output between two of the input, along each spatial axis. */
  readonly strides: readonly number[];
  /** Keras' meaning: `same` gives `size · stride` positions. */
  readonly padding: "same" | "valid";
  /** Distance of the values of the kernel along each spatial axis. */
  readonly dilation: readonly number[];
  /** Keras' `output_padding`; default: what gives `size · stride` for `same`. */
  readonly outputPadding?: readonly number[];
}

/**
 * Settings of a pooling over `[N, …positions, D]`.
 *
 * @category Custom layers
 */
export interface PoolingOptions {
  /** Positions of a window along each spatial axis. */
  readonly size: readonly number[];
  /** Steps along each spatial axis. */
  readonly strides: readonly number[];
  /** Keras' meaning: `same` gives `ceil(size / stride)` positions. */
  readonly padding: "same" | "valid";
}

/**
 * A range of an axis, as in Python: `start:stop:step`.
 *
 * @category Custom layers
 */
export interface SliceRange {
  /** Which axis, from 0. */
  readonly axis: number;
  /** First index; negative counts from the end. @default {0} */
  readonly start?: number;
  /** First index left out; negative counts from the end; default: the end. */
  readonly stop?: number;
  /** Default 1; positive. */
  readonly step?: number;
}

/**
 * What one step of a scan gives.
 *
 * @category Custom layers
 */
export interface ScanStep<T> {
  /** The state after the step. */
  readonly state: readonly T[];
  /** What the step gives, each `[N, …]`. */
  readonly outputs: readonly T[];
}

/**
 * An LSTM or GRU with the activations `tanh` and `sigmoid`, without a mask.
 *
 * @category Custom layers
 */
export interface Recurrence<T> {
  /** Which layer; a GRU resets after the product. */
  readonly kind: "lstm" | "gru";
  /** `[N, T, D]`. */
  readonly sequence: T;
  /** `[D, gates · units]`: gates i, f, c, o of an LSTM; z, r, h of a GRU. */
  readonly kernel: T;
  /** `[units, gates · units]`. */
  readonly recurrentKernel: T;
  /** `[gates · units]` of an LSTM; `[2, gates · units]` of a GRU, for input and state. */
  readonly bias: T | undefined;
  /** The first state, each `[N, units]`; undefined for zeros. */
  readonly initial: readonly T[] | undefined;
  /** Whether the outputs of all time steps are needed. */
  readonly returnSequences: boolean;
  /** Whether it runs from the last time step to the first. */
  readonly reverse: boolean;
}

/**
 * Operations over an opaque `T`.
 *
 * @category Custom layers
 */
export interface Ops<T> {
  /** Sizes of the axes; null where they are not known before the run. */
  shape(x: T): readonly (number | null)[];
  /** Element type. */
  dtype(x: T): OpsType;
  /** A value known now; numbers become float32 scalars. */
  constant(value: number | NdArray<Float32Array | Int32Array>): T;
  /** Another element type; floats to integers drop the fraction. */
  cast(x: T, dtype: OpsType): T;

  // ---- element by element, with broadcasting ----

  /** `a + b`. */
  add(a: T, b: T): T;
  /** `a − b`. */
  subtract(a: T, b: T): T;
  /** `a · b`. */
  multiply(a: T, b: T): T;
  /** `a / b`. */
  divide(a: T, b: T): T;
  /** `⌊a / b⌋`. */
  floorDivide(a: T, b: T): T;
  /** `a − b ⌊a / b⌋`: the sign of the divisor, as in Python. */
  mod(a: T, b: T): T;
  /** `a ^ b`. */
  power(a: T, b: T): T;
  /** The larger of the two; NaN if either is. */
  maximum(a: T, b: T): T;
  /** The smaller of the two; NaN if either is. */
  minimum(a: T, b: T): T;
  /** `a > b`, as booleans; false where either is NaN. */
  greater(a: T, b: T): T;
  /** `a ≥ b`. */
  greaterEqual(a: T, b: T): T;
  /** `a = b`. */
  equal(a: T, b: T): T;
  /** Both, of booleans. */
  logicalAnd(a: T, b: T): T;
  /** Either, of booleans. */
  logicalOr(a: T, b: T): T;
  /** Not, of booleans. */
  logicalNot(x: T): T;
  /** `a` where the condition holds, `b` elsewhere. */
  where(condition: T, a: T, b: T): T;

  /** Natural exponential. */
  exp(x: T): T;
  /** Natural logarithm. */
  log(x: T): T;
  /** `log(1 + x)`, exact for small `x`. */
  log1p(x: T): T;
  /** `exp(x) − 1`, exact for small `x`. */
  expm1(x: T): T;
  /** Square root. */
  sqrt(x: T): T;
  /** Absolute value. */
  abs(x: T): T;
  /** −1, 0 or 1. */
  sign(x: T): T;
  /** `−x`. */
  negative(x: T): T;
  /** Largest whole number not above. */
  floor(x: T): T;
  /** Smallest whole number not below. */
  ceil(x: T): T;
  /** Nearest whole number, halves to even. */
  round(x: T): T;
  /** Sine. */
  sin(x: T): T;
  /** Cosine. */
  cos(x: T): T;
  /** Inverse tangent, from −π/2 to π/2. */
  atan(x: T): T;
  /** Hyperbolic tangent. */
  tanh(x: T): T;
  /** `1 / (1 + exp(−x))`, without overflow, and with all its digits near 0. */
  sigmoid(x: T): T;
  /** `x / (1 + exp(−x))`, to 3e-6 where it is one of thousands in a sample. */
  silu(x: T): T;
  /** Error function. */
  erf(x: T): T;
  /** Softmax along one axis, without overflow. */
  softmax(x: T, axis: number): T;
  /** Whether a value is NaN. */
  isNaN(x: T): T;
  /** Booleans or integers as float32. */
  float(x: T): T;

  // ---- over axes ----

  /** Sum over axes. */
  sum(x: T, options?: ReduceOptions): T;
  /** Mean over axes. */
  mean(x: T, options?: ReduceOptions): T;
  /** Largest value over axes; NaN if one is. */
  max(x: T, options?: ReduceOptions): T;
  /** Smallest value over axes; NaN if one is. */
  min(x: T, options?: ReduceOptions): T;
  /** Product over axes. */
  prod(x: T, options?: ReduceOptions): T;
  /** Whether one boolean is true. */
  any(x: T, options?: ReduceOptions): T;
  /** Whether all booleans are true. */
  all(x: T, options?: ReduceOptions): T;
  /** Index of the first largest value along one axis, which is gone: int32. */
  argmax(x: T, axis: number): T;
  /** Running sum along one axis. */
  cumsum(x: T, axis: number): T;

  // ---- shape ----

  /** Sizes of the axes, int32 `[rank]`. */
  sizes(x: T): T;
  /** The same values in another shape; −1 for the one size that follows. */
  reshape(x: T, shape: readonly number[]): T;
  /** Axes `from` to `to` as one, row-major; their sizes need not be known. */
  merge(x: T, from: number, to: number): T;
  /** One axis as several of these sizes, row-major; −1 for the one that follows. */
  unmerge(x: T, axis: number, sizes: readonly number[]): T;
  /** A new axis of size 1. */
  expandDims(x: T, axis: number): T;
  /** Without an axis of size 1. */
  squeeze(x: T, axis: number): T;
  /** Axes in another order. */
  transpose(x: T, axes: readonly number[]): T;
  /** One after another along an axis. */
  concatenate(values: readonly T[], axis: number): T;
  /** One value after another put along a new axis. */
  stack(values: readonly T[], axis: number): T;
  /** Parts of axes, one after another. */
  slice(x: T, ranges: readonly SliceRange[]): T;
  /** Values put before and after, along each axis. */
  pad(x: T, widths: readonly (readonly [number, number])[], value?: number): T;
  /** Backwards along axes. */
  flip(x: T, axes: readonly number[]): T;
  /** Each value `times` times in a row, along an axis. */
  repeat(x: T, times: number, axis: number): T;
  /** Broadcast against the shape of another value. */
  broadcastLike(x: T, like: T): T;

  // ---- choosing ----

  /** Values along an axis, by int32 indices, whose shape replaces the axis. */
  take(x: T, indices: T, axis: number): T;
  /** 1 at the index, 0 elsewhere, along a new last axis: float32. */
  oneHot(indices: T, size: number): T;
  /** The `k` largest values along the last axis, descending. */
  topK(x: T, k: number): T;
  /** Indices of the `k` largest values along the last axis, int32; equal values in their order. */
  topKIndices(x: T, k: number): T;
  /** Values along an axis by int32 indices from 0, of the same shape but for that axis. */
  takeAlongAxis(x: T, indices: T, axis: number): T;
  /** One index of the last axis, which is gone afterwards. */
  takeLast(x: T, index: number): T;

  // ---- products, maps, sequences ----

  /** Matrix product over the last two axes; the others broadcast. */
  matmul(a: T, b: T): T;
  /** Sum of products, in Einstein's notation: letters, and one arrow. */
  einsum(equation: string, a: T, b: T): T;
  /** Convolution of `[N, …positions, D]` with a kernel `[…size, D / groups, C]`; 1 to 3 spatial axes. */
  conv(x: T, kernel: T, options: ConvOptions): T;
  /** Its transpose, with a kernel `[…size, C, D]`. */
  convTranspose(x: T, kernel: T, options: ConvTransposeOptions): T;
  /** Largest value of each window; padding never counts. */
  maxPool(x: T, options: PoolingOptions): T;
  /** Mean of each window; padding never counts. */
  averagePool(x: T, options: PoolingOptions): T;
  /**
   * `[N, H, W, D]` to `[N, height, width, D]`, with half-pixel centres and no
   * antialiasing, as `tf.image.resize`.
   */
  resize(
    x: T,
    size: readonly [height: number, width: number],
    interpolation: "nearest" | "bilinear" | "bicubic",
  ): T;
  /**
   * Runs a step along axis 1 of the inputs `[N, T, …]`, a state going on from
   * time step to time step.
   *
   * @param step Gets the state and one time step of each input, `[N, …]`.
   * @param initial The state before the first time step.
   * @param inputs Sequences.
   * @param reverse From the end; outputs are then in the order of computation.
   * @returns The last state, and the outputs of all time steps along axis 1.
   */
  scan(
    step: (state: readonly T[], inputs: readonly T[]) => ScanStep<T>,
    initial: readonly T[],
    inputs: readonly T[],
    reverse?: boolean,
  ): ScanStep<T>;
  /**
   * A whole LSTM or GRU, for engines that have an operator for it. Without this
   * method layers call `scan` themselves.
   *
   * @param layer The layer.
   * @param scan Computes the same by {@linkcode Ops.scan}.
   * @returns What `scan` gives.
   */
  recurrence?(layer: Recurrence<T>, scan: () => ScanStep<T>): ScanStep<T>;
}
