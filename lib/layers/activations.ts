/**
 * Activations of Keras by name.
 *
 * The meaning of some names depends on the writer: `hard_sigmoid` is
 * `relu6(x + 3) / 6` in Keras 3 and `clip(0.2 x + 0.5)` in Keras 2 and TF.js.
 *
 * Source: Keras 3.15 `keras.activations`; Keras 2.15 `keras.activations`.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { axisOf } from "../ops/shapes.ts";
import type { Activation, Dialect } from "./layer.ts";

/**
 * An activation by its name.
 *
 * @param name Keras' name, or TF.js' in camel case.
 * @param dialect The writer of the config.
 * @returns The activation; undefined if the name is unknown.
 */
export function activationNamed(
  name: string,
  dialect: Dialect,
): Activation | undefined {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  if (snake === "hard_sigmoid" && dialect !== 3) return hardSigmoid2;
  return Object.hasOwn(ACTIVATIONS, snake) ? ACTIVATIONS[snake] : undefined;
}

/** `max(x, 0)`; NaN stays NaN. */
export function relu<T>(ops: Ops<T>, x: T): T {
  return ops.maximum(x, ops.constant(0));
}

/** `x · sigmoid(x)`. */
function silu<T>(ops: Ops<T>, x: T): T {
  return ops.silu(x);
}

/** `min(max(x, low), high)`. */
export function clip<T>(ops: Ops<T>, x: T, low: number, high: number): T {
  return ops.minimum(ops.maximum(x, ops.constant(low)), ops.constant(high));
}

/** `log(1 + exp(x))`, without overflow. */
function softplus<T>(ops: Ops<T>, x: T): T {
  const tail = ops.log1p(ops.exp(ops.negative(ops.abs(x))));
  return ops.add(relu(ops, x), tail);
}

/** `x` where it is positive, `alpha (exp(x) − 1)` elsewhere. */
export function elu<T>(ops: Ops<T>, x: T, alpha = 1): T {
  const below = ops.expm1(ops.minimum(x, ops.constant(0)));
  const isPositive = ops.greater(x, ops.constant(0));
  return ops.where(isPositive, x, ops.multiply(ops.constant(alpha), below));
}

/** `x` where it is positive, `alpha (exp(x / alpha) − 1)` elsewhere. */
export function celu<T>(ops: Ops<T>, x: T, alpha = 1): T {
  if (alpha === 1) return elu(ops, x);
  const below = ops.minimum(x, ops.constant(0));
  const curve = ops.expm1(ops.divide(below, ops.constant(alpha)));
  const isPositive = ops.greater(x, ops.constant(0));
  return ops.where(isPositive, x, ops.multiply(ops.constant(alpha), curve));
}

/** `x` where it is positive, `slope · x` elsewhere. */
export function leakyRelu<T>(ops: Ops<T>, x: T, slope = 0.2): T {
  const isPositive = ops.greater(x, ops.constant(0));
  return ops.where(isPositive, x, ops.multiply(ops.constant(slope), x));
}

/** `x Φ(x)`, exact or by tanh. */
export function gelu<T>(ops: Ops<T>, x: T, approximate = false): T {
  const half = ops.multiply(ops.constant(0.5), x);
  if (!approximate) {
    const scaled = ops.multiply(x, ops.constant(Math.SQRT1_2));
    return ops.multiply(half, ops.add(ops.constant(1), ops.erf(scaled)));
  }
  const cubed = ops.multiply(ops.multiply(x, x), x);
  const inner = ops.add(x, ops.multiply(ops.constant(0.044715), cubed));
  const scaled = ops.multiply(ops.constant(Math.sqrt(2 / Math.PI)), inner);
  return ops.multiply(half, ops.add(ops.constant(1), ops.tanh(scaled)));
}

function hardSigmoid3<T>(ops: Ops<T>, x: T): T {
  const shifted = clip(ops, ops.add(x, ops.constant(3)), 0, 6);
  return ops.divide(shifted, ops.constant(6));
}

function hardSigmoid2<T>(ops: Ops<T>, x: T): T {
  const line = ops.add(ops.multiply(ops.constant(0.2), x), ops.constant(0.5));
  return clip(ops, line, 0, 1);
}

/** Softmax along one axis or several. */
export function softmax<T>(ops: Ops<T>, x: T, axes: readonly number[]): T {
  if (axes.length === 1) return ops.softmax(x, axes[0]!);
  const over = { axis: axes, keepdims: true };
  const raised = ops.exp(ops.subtract(x, ops.max(x, over)));
  return ops.divide(raised, ops.sum(raised, over));
}

/**
 * The logarithm of softmax. The largest value is subtracted first, which keeps
 * the digits of small differences of large values.
 */
export function logSoftmax<T>(ops: Ops<T>, x: T, axes: readonly number[]): T {
  const over = { axis: axes, keepdims: true };
  const shifted = ops.subtract(x, ops.max(x, over));
  return ops.subtract(shifted, ops.log(ops.sum(ops.exp(shifted), over)));
}

/**
 * Shrinkage: `x`, moved towards 0 by `shift`, if `|x|` exceeds the bound;
 * otherwise 0.
 */
export function shrink<T>(ops: Ops<T>, x: T, bound: number, shift: number): T {
  const isLarge = ops.greater(ops.abs(x), ops.constant(bound));
  const moved = ops.subtract(x, ops.multiply(ops.sign(x), ops.constant(shift)));
  return ops.where(isLarge, moved, ops.constant(0));
}

/**
 * Taylor coefficients of `(x − tanh(x)) / x³` in powers of `x²`; eight terms
 * give an error of 2e-8 for `x` below 0.5.
 */
const TANH_SHRINK = [
  1 / 3,
  -2 / 15,
  17 / 315,
  -62 / 2835,
  1382 / 155925,
  -21844 / 6081075,
  929569 / 638512875,
  -6404582 / 10854718875,
];

/** `x − tanh(x)`, by its series near 0 to avoid cancellation. */
function tanhShrink<T>(ops: Ops<T>, x: T): T {
  const bound = ops.constant(0.5);
  const near = clip(ops, x, -0.5, 0.5);
  const square = ops.multiply(near, near);
  const series = TANH_SHRINK.map((term) => ops.constant(term))
    .reduceRight((sum, term) => ops.add(term, ops.multiply(square, sum)));
  const small = ops.multiply(ops.multiply(near, square), series);
  const isSmall = ops.greater(bound, ops.abs(x));
  return ops.where(isSmall, small, ops.subtract(x, ops.tanh(x)));
}

function selu<T>(ops: Ops<T>, x: T): T {
  const alpha = 1.6732632423543772;
  const scale = 1.0507009873554805;
  return ops.multiply(ops.constant(scale), elu(ops, x, alpha));
}

/** `(x + sqrt(x² + b)) / 2`. */
export function squareplus<T>(ops: Ops<T>, x: T, b = 4): T {
  const root = ops.sqrt(ops.add(ops.multiply(x, x), ops.constant(b)));
  return ops.multiply(ops.add(x, root), ops.constant(0.5));
}

/** 0 up to −1, `x` from 1 on, `(x + 1)² / 4` between. */
function sparsePlus<T>(ops: Ops<T>, x: T): T {
  const shifted = ops.add(x, ops.constant(1));
  const bow = ops.multiply(ops.multiply(shifted, shifted), ops.constant(0.25));
  const isLow = ops.greaterEqual(ops.constant(-1), x);
  const isMiddle = ops.greater(ops.constant(1), x);
  const upper = ops.where(isMiddle, bow, x);
  return ops.where(isLow, ops.constant(0), upper);
}

/** 0 up to −1, 1 from 1 on, linear between. */
function sparseSigmoid<T>(ops: Ops<T>, x: T): T {
  const line = ops.multiply(ops.add(x, ops.constant(1)), ops.constant(0.5));
  return clip(ops, line, 0, 1);
}

/**
 * Sparsemax along the last axis, as Keras 3.15 computes it.
 *
 * Source: Martins and Astudillo, "From Softmax to Sparsemax", ICML 2016. There
 * the threshold is computed from the sum of the support; Keras uses the sum of
 * the cumulative sums, which is equal only if the support has one value.
 */
function sparsemax<T>(ops: Ops<T>, x: T): T {
  const size = ops.shape(x).at(-1);
  if (typeof size !== "number") {
    throw new TypeError(
      cannot("compute sparsemax", "the last axis must be known", size),
    );
  }
  const rank = ops.shape(x).length;
  const sorted = ops.topK(x, size);
  const sums = ops.cumsum(sorted, rank - 1);
  const data = Float32Array.from({ length: size }, (_, i) => i + 1);
  const k = ops.constant({ data, shape: [size], dtype: "float32" });
  const left = ops.add(ops.constant(1), ops.multiply(k, sorted));
  const isIn = ops.float(ops.greater(left, sums));
  const last = { axis: -1, keepdims: true };
  const count = ops.sum(isIn, last);
  const total = ops.sum(ops.multiply(isIn, sums), last); // Keras sums the cumulative sums
  const threshold = ops.divide(ops.subtract(total, ops.constant(1)), count);
  return relu(ops, ops.subtract(x, threshold));
}

/** The first half of an axis, gated by the second. */
export function glu<T>(ops: Ops<T>, x: T, along = -1): T {
  const axis = axisOf(along, ops.shape(x).length);
  const size = ops.shape(x)[axis];
  if (typeof size !== "number" || size % 2 !== 0) {
    throw new TypeError(
      cannot("compute glu", "its axis must have an even size", size),
    );
  }
  const first = ops.slice(x, [{ axis, stop: size / 2 }]);
  const second = ops.slice(x, [{ axis, start: size / 2 }]);
  return ops.multiply(first, ops.sigmoid(second));
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = Object.freeze({
  linear: <T>(_ops: Ops<T>, x: T) => x,
  relu,
  relu6: <T>(ops: Ops<T>, x: T) => clip(ops, x, 0, 6),
  elu: <T>(ops: Ops<T>, x: T) => elu(ops, x),
  celu: <T>(ops: Ops<T>, x: T) => elu(ops, x),
  selu,
  gelu: <T>(ops: Ops<T>, x: T) => gelu(ops, x),
  "gelu_new": <T>(ops: Ops<T>, x: T) => gelu(ops, x, true),
  silu,
  swish: silu,
  sigmoid: <T>(ops: Ops<T>, x: T) => ops.sigmoid(x),
  "hard_sigmoid": hardSigmoid3,
  "hard_silu": hardSilu,
  "hard_swish": hardSilu,
  "hard_tanh": <T>(ops: Ops<T>, x: T) => clip(ops, x, -1, 1),
  "hard_shrink": <T>(ops: Ops<T>, x: T) => shrink(ops, x, 0.5, 0),
  "soft_shrink": <T>(ops: Ops<T>, x: T) => shrink(ops, x, 0.5, 0.5),
  "tanh_shrink": tanhShrink,
  tanh: <T>(ops: Ops<T>, x: T) => ops.tanh(x),
  exponential: <T>(ops: Ops<T>, x: T) => ops.exp(x),
  "leaky_relu": <T>(ops: Ops<T>, x: T) => leakyRelu(ops, x),
  "log_sigmoid": <T>(ops: Ops<T>, x: T) =>
    ops.negative(softplus(ops, ops.negative(x))),
  "log_softmax": <T>(ops: Ops<T>, x: T) => logSoftmax(ops, x, [-1]),
  softmax: <T>(ops: Ops<T>, x: T) => ops.softmax(x, -1),
  mish: <T>(ops: Ops<T>, x: T) => ops.multiply(x, ops.tanh(softplus(ops, x))),
  softplus,
  softsign: <T>(ops: Ops<T>, x: T) =>
    ops.divide(x, ops.add(ops.abs(x), ops.constant(1))),
  squareplus: <T>(ops: Ops<T>, x: T) => squareplus(ops, x),
  "sparse_plus": sparsePlus,
  "sparse_sigmoid": sparseSigmoid,
  sparsemax,
  glu: <T>(ops: Ops<T>, x: T) => glu(ops, x),
});

function hardSilu<T>(ops: Ops<T>, x: T): T {
  return ops.multiply(x, hardSigmoid3(ops, x));
}
