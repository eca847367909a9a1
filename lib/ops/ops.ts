/**
 * The operations of an engine.
 *
 * Layers, shapings and built-in postprocessing steps are written once, over
 * this interface, for any `T`: a tensor with values, a name in a graph that is
 * being recorded, or only a shape. Each engine implements it;
 * {@linkcode ShapeOps} implements it without values.
 *
 * Names and semantics are those of `keras.ops`: arguments broadcast as in
 * NumPy, axes may be negative, feature maps are channels last. Arguments are
 * never changed. Sizes may be unknown before the run; the batch size usually is.
 * Layers therefore reshape with {@linkcode Ops.merge} and
 * {@linkcode Ops.unmerge}, which do not need the other sizes.
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
  /** Whether to keep the reduced axes with size 1. @default {false} */
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
  /**
   * As in Keras: `same` gives `ceil(size / stride)` positions, more padding at
   * the end.
   */
  readonly padding: "same" | "valid";
  /** Dilation of the kernel along each spatial axis. */
  readonly dilation: readonly number[];
  /** Number of channel groups. @default {1} */
  readonly groups?: number;
}

/**
 * Settings of a transposed convolution.
 *
 * @category Custom layers
 */
export interface ConvTransposeOptions {
  /** Stride of the output along each spatial axis. */
  readonly strides: readonly number[];
  /** As in Keras: `same` gives `size · stride` positions. */
  readonly padding: "same" | "valid";
  /** Dilation of the kernel along each spatial axis. */
  readonly dilation: readonly number[];
  /**
   * Keras' `output_padding`; default: the padding for which `same` gives
   * `size · stride`.
   */
  readonly outputPadding?: readonly number[];
}

/**
 * Settings of a pooling over `[N, …positions, D]`.
 *
 * @category Custom layers
 */
export interface PoolingOptions {
  /** Window size along each spatial axis. */
  readonly size: readonly number[];
  /** Steps along each spatial axis. */
  readonly strides: readonly number[];
  /** As in Keras: `same` gives `ceil(size / stride)` positions. */
  readonly padding: "same" | "valid";
}

/**
 * A range of an axis, as in Python: `start:stop:step`.
 *
 * @category Custom layers
 */
export interface SliceRange {
  /** The axis, from 0. */
  readonly axis: number;
  /** First index; negative counts from the end. @default {0} */
  readonly start?: number;
  /** Index after the last; negative counts from the end; default: the end. */
  readonly stop?: number;
  /** The step, positive. Default: 1. */
  readonly step?: number;
}

/**
 * The result of one step of a scan.
 *
 * @category Custom layers
 */
export interface ScanStep<T> {
  /** The state after the step. */
  readonly state: readonly T[];
  /** The outputs of the step, each `[N, …]`. */
  readonly outputs: readonly T[];
}

/**
 * An LSTM or GRU with the activations `tanh` and `sigmoid`, without a mask.
 *
 * @category Custom layers
 */
export interface Recurrence<T> {
  /**
   * The layer type; a GRU applies the reset gate after the product
   * (`reset_after`).
   */
  readonly kind: "lstm" | "gru";
  /** `[N, T, D]`. */
  readonly sequence: T;
  /** `[D, gates · units]`: gates i, f, c, o of an LSTM; z, r, h of a GRU. */
  readonly kernel: T;
  /** `[units, gates · units]`. */
  readonly recurrentKernel: T;
  /** `[gates · units]` of an LSTM; `[2, gates · units]` of a GRU, for input and state. */
  readonly bias: T | undefined;
  /** The initial state, each `[N, units]`; undefined for zeros. */
  readonly initial: readonly T[] | undefined;
  /** Whether the outputs of all time steps are needed. */
  readonly returnSequences: boolean;
  /** Whether it processes the sequence in reverse. */
  readonly reverse: boolean;
}

/**
 * Operations over an opaque `T`.
 *
 * @category Custom layers
 */
export interface Ops<T> {
  /** Sizes of the axes; null if unknown before the run. */
  shape(x: T): readonly (number | null)[];
  /** Element type. */
  dtype(x: T): OpsType;
  /** A constant; numbers become float32 scalars. */
  constant(value: number | NdArray<Float32Array | Int32Array>): T;
  /** Casts to another element type; floats to integers drop the fraction. */
  cast(x: T, dtype: OpsType): T;

  // ---- element-wise, with broadcasting ----

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
  /** `a > b`, boolean; false if either is NaN. */
  greater(a: T, b: T): T;
  /** `a ≥ b`. */
  greaterEqual(a: T, b: T): T;
  /** `a = b`. */
  equal(a: T, b: T): T;
  /** Logical and. */
  logicalAnd(a: T, b: T): T;
  /** Logical or. */
  logicalOr(a: T, b: T): T;
  /** Logical not. */
  logicalNot(x: T): T;
  /** `a` where the condition is true, `b` elsewhere. */
  where(condition: T, a: T, b: T): T;

  /** Natural exponential. */
  exp(x: T): T;
  /** Natural logarithm. */
  log(x: T): T;
  /** `log(1 + x)`, accurate for small `x`. */
  log1p(x: T): T;
  /** `exp(x) − 1`, accurate for small `x`. */
  expm1(x: T): T;
  /** Square root. */
  sqrt(x: T): T;
  /** Absolute value. */
  abs(x: T): T;
  /** −1, 0 or 1. */
  sign(x: T): T;
  /** `−x`. */
  negative(x: T): T;
  /** Floor. */
  floor(x: T): T;
  /** Ceiling. */
  ceil(x: T): T;
  /** Nearest integer, ties to even. */
  round(x: T): T;
  /** Sine. */
  sin(x: T): T;
  /** Cosine. */
  cos(x: T): T;
  /** Inverse tangent, from −π/2 to π/2. */
  atan(x: T): T;
  /** Hyperbolic tangent. */
  tanh(x: T): T;
  /** `1 / (1 + exp(−x))`, without overflow, and accurate near 0. */
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
  /** Logical or over axes. */
  any(x: T, options?: ReduceOptions): T;
  /** Logical and over axes. */
  all(x: T, options?: ReduceOptions): T;
  /**
   * Index of the first largest value along one axis, which is removed: int32.
   */
  argmax(x: T, axis: number): T;
  /** Cumulative sum along one axis. */
  cumsum(x: T, axis: number): T;

  // ---- shape ----

  /** Sizes of the axes, int32 `[rank]`. */
  sizes(x: T): T;
  /** Reshapes; −1 for one inferred size. */
  reshape(x: T, shape: readonly number[]): T;
  /**
   * Merges axes `from` to `to` into one, row-major; their sizes may be unknown.
   */
  merge(x: T, from: number, to: number): T;
  /**
   * Splits one axis into several of these sizes, row-major; −1 for one inferred
   * size.
   */
  unmerge(x: T, axis: number, sizes: readonly number[]): T;
  /** Adds an axis of size 1. */
  expandDims(x: T, axis: number): T;
  /** Removes an axis of size 1. */
  squeeze(x: T, axis: number): T;
  /** Permutes axes. */
  transpose(x: T, axes: readonly number[]): T;
  /** Concatenates along an axis. */
  concatenate(values: readonly T[], axis: number): T;
  /** Stacks values along a new axis. */
  stack(values: readonly T[], axis: number): T;
  /** Slices axes. */
  slice(x: T, ranges: readonly SliceRange[]): T;
  /** Pads with a value before and after, along each axis. */
  pad(x: T, widths: readonly (readonly [number, number])[], value?: number): T;
  /** Reverses axes. */
  flip(x: T, axes: readonly number[]): T;
  /** Repeats each value `times` times along an axis. */
  repeat(x: T, times: number, axis: number): T;
  /** Broadcasts to the shape of another value. */
  broadcastLike(x: T, like: T): T;

  // ---- indexing ----

  /**
   * Gathers values along an axis by int32 indices, whose shape replaces the
   * axis.
   */
  take(x: T, indices: T, axis: number): T;
  /** One-hot encoding along a new last axis: float32. */
  oneHot(indices: T, size: number): T;
  /** The `k` largest values along the last axis, descending. */
  topK(x: T, k: number): T;
  /**
   * Indices of the `k` largest values along the last axis, int32; equal values
   * keep their order.
   */
  topKIndices(x: T, k: number): T;
  /**
   * Takes values along an axis by int32 indices from 0; the shapes are equal
   * except for that axis.
   */
  takeAlongAxis(x: T, indices: T, axis: number): T;
  /** Selects one index of the last axis, which is removed. */
  takeLast(x: T, index: number): T;

  // ---- products, convolutions, sequences ----

  /** Matrix product over the last two axes; the others broadcast. */
  matmul(a: T, b: T): T;
  /**
   * Einstein summation of two operands, with an explicit result: letters and
   * one arrow.
   */
  einsum(equation: string, a: T, b: T): T;
  /** Convolution of `[N, …positions, D]` with a kernel `[…size, D / groups, C]`; 1 to 3 spatial axes. */
  conv(x: T, kernel: T, options: ConvOptions): T;
  /** Transposed convolution, with a kernel `[…size, C, D]`. */
  convTranspose(x: T, kernel: T, options: ConvTransposeOptions): T;
  /** Maximum of each window; padding is ignored. */
  maxPool(x: T, options: PoolingOptions): T;
  /** Mean of each window; padding is ignored. */
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
   * Runs a step along axis 1 of the inputs `[N, T, …]`, passing a state from
   * time step to time step.
   *
   * @param step Receives the state and one time step of each input, `[N, …]`.
   * @param initial The initial state.
   * @param inputs Sequences.
   * @param reverse Whether to start at the end; outputs are then in the order
   * of computation.
   * @returns The last state, and the outputs of all time steps along axis 1.
   */
  scan(
    step: (state: readonly T[], inputs: readonly T[]) => ScanStep<T>,
    initial: readonly T[],
    inputs: readonly T[],
    reverse?: boolean,
  ): ScanStep<T>;
  /**
   * A complete LSTM or GRU, for engines that have an operator for it. Without
   * this method layers call `scan`.
   *
   * @param layer The layer.
   * @param scan Computes the same with {@linkcode Ops.scan}.
   * @returns The same results as `scan`.
   */
  recurrence?(layer: Recurrence<T>, scan: () => ScanStep<T>): ScanStep<T>;
}
