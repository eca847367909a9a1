import { tf } from "../../tf.ts";
import { cannot } from "../../check.ts";
import type { OpsType, ReduceOptions } from "../../ops/ops.ts";
import { arithmetic, promoted } from "../../ops/promotion.ts";
import { constantType, ShapeElements } from "../../ops/shape_elements.ts";
import { axesOf, axisOf } from "../../ops/shapes.ts";
import type { NdArray } from "../../types.ts";
import { withoutGradient } from "./no_gradient.ts";
import { allTrue, anyTrue, chosen, numbersOf } from "./webgpu_kernels.ts";

/**
 * Maximum rank: with more axes the arithmetic of the wasm backend is silently
 * wrong.
 */
const MOST_AXES = 6;

/**
 * Casts a tensor to an element type.
 *
 * @param x The tensor.
 * @param dtype The type.
 * @returns The tensor itself if it has that type.
 */
export function castTo(x: tf.Tensor, dtype: OpsType): tf.Tensor {
  if (x.dtype === dtype) return x;
  // The cast of wasm gives numbers other than 0 and 1, and drops NaN.
  if (dtype === "bool") {
    const zero = tf.scalar(0, x.dtype as OpsType);
    return withoutGradient(tf.notEqual, x, zero);
  }
  return x.dtype === "bool" ? numbersOf(x, dtype) : tf.cast(x, dtype);
}

/** Checks shapes before a kernel is called. */
const SHAPES = new ShapeElements();

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** A kernel on floats. */
const onFloats =
  (kernel: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor): tf.Tensor =>
    kernel(castTo(x, "float32"));

/** A kernel on two values of one numeric type. */
const onNumbers = (kernel: Binary) => (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  kernel(...numbers(a, b));

/** A comparison, which has no gradient. */
const comparing = (kernel: Binary) => (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  withoutGradient(kernel, ...numbers(a, b));

/**
 * Element-wise operations and reductions of `TfjsOps`.
 *
 * Types are promoted before a kernel is called, because kernels differ on mixed
 * types and on booleans.
 */
export class TfjsElements {
  /** Constants, whose values are known without reading a tensor. */
  readonly #numbers = new WeakMap<tf.Tensor, number>();

  shape(x: tf.Tensor): readonly number[] {
    return x.shape;
  }

  dtype(x: tf.Tensor): OpsType {
    return x.dtype as OpsType;
  }

  constant(value: number | NdArray<Float32Array | Int32Array>): tf.Tensor {
    if (typeof value === "number") {
      const scalar = tf.scalar(value, "float32");
      this.#numbers.set(scalar, value);
      return scalar;
    }
    const type = value.data instanceof Int32Array ? "int32" : "float32";
    const tensor = tf.tensor(value.data, [...value.shape], type);
    return castTo(tensor, constantType(value));
  }

  cast(x: tf.Tensor, dtype: OpsType): tf.Tensor {
    return castTo(x, dtype);
  }

  // ---- element by element ----

  readonly add = onNumbers(tf.add);
  readonly subtract = onNumbers(tf.sub);
  readonly multiply = onNumbers(tf.mul);

  divide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.div(...floats(a, b)); // for integers it would be ⌊a / b⌋
  }

  floorDivide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    const [p, q] = numbers(a, b);
    // The cpu backend treats the quotient of floats as an integer.
    if (p.dtype === "float32") return tf.floor(tf.div(p, q));
    return tf.getBackend() === "wasm" ? floorOfRatio(p, q) : tf.floorDiv(p, q);
  }

  readonly mod = onNumbers(tf.mod);
  readonly power = onNumbers(tf.pow);

  maximum(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    if (this.#numbers.has(a) && !this.#numbers.has(b)) {
      return this.maximum(b, a);
    }
    const number = this.#numbers.get(b);
    const [p, q] = numbers(a, b);
    if (number === 0 && p.dtype === "float32") return relu(p);
    const larger = tf.maximum(p, q);
    return keepsNaN(q, number) ? larger : chosen(hasNaN(q), q, larger);
  }

  minimum(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    if (this.#numbers.has(a) && !this.#numbers.has(b)) {
      return this.minimum(b, a);
    }
    const [p, q] = numbers(a, b);
    const smaller = tf.minimum(p, q);
    const isKept = keepsNaN(q, this.#numbers.get(b));
    return isKept ? smaller : chosen(hasNaN(q), q, smaller);
  }

  readonly greater = comparing(tf.greater);
  readonly greaterEqual = comparing(tf.greaterEqual);
  readonly equal = comparing(tf.equal);

  logicalAnd(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return withoutGradient(tf.logicalAnd, castTo(a, "bool"), castTo(b, "bool"));
  }

  logicalOr(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return withoutGradient(tf.logicalOr, castTo(a, "bool"), castTo(b, "bool"));
  }

  logicalNot(x: tf.Tensor): tf.Tensor {
    return withoutGradient(tf.logicalNot, castTo(x, "bool"));
  }

  where(condition: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    const isTrue = castTo(condition, "bool");
    const dtype = promoted(this.dtype(a), this.dtype(b));
    // For booleans, wasm reads out of bounds.
    const [p, q] = numbers(a, b);
    return castTo(chosen(isTrue, p, q), dtype);
  }

  readonly exp = onFloats(tf.exp);
  readonly log = onFloats(tf.log);

  log1p(x: tf.Tensor): tf.Tensor {
    return tf.getBackend() === "cpu"
      ? tf.log1p(this.float(x))
      : exactLog1p(this.float(x));
  }

  readonly expm1 = onFloats(tf.expm1);
  readonly sqrt = onFloats(tf.sqrt);

  abs(x: tf.Tensor): tf.Tensor {
    const number = asNumber(x);
    if (number.dtype === "float32") return tf.abs(number);
    return tf.mul(number, tf.sign(number)); // tf.abs computes in float32
  }

  sign(x: tf.Tensor): tf.Tensor {
    const value = asNumber(x);
    if (value.dtype === "int32") return tf.sign(value);
    return withoutGradient(
      (y) => chosen(tf.isNaN(y), y, signOf(y)),
      value,
    );
  }

  negative(x: tf.Tensor): tf.Tensor {
    const number = asNumber(x);
    if (number.dtype === "float32") return tf.neg(number);
    return tf.sub(tf.zerosLike(number), number); // exact on wasm too
  }

  readonly floor = onFloats(tf.floor);
  readonly ceil = onFloats(tf.ceil);
  readonly round = onFloats(tf.round);
  readonly sin = onFloats(exactSin);
  readonly cos = onFloats((x) => tf.cos(onWasm() ? tf.abs(x) : x));
  readonly atan = onFloats(tf.atan);
  readonly tanh = onFloats(tf.tanh);
  readonly sigmoid = onFloats(tf.sigmoid);

  silu(x: tf.Tensor): tf.Tensor {
    return this.multiply(x, this.sigmoid(x));
  }

  readonly erf = onFloats((x) => onWasm() ? tf.erf(x) : exactErf(x));

  softmax(x: tf.Tensor, axis: number): tf.Tensor {
    const at = axisOf(axis, x.rank);
    if (at === x.rank - 1) return tf.softmax(this.float(x));
    const order = x.shape.map((_, i) => i).with(at, x.rank - 1)
      .with(-1, at);
    return tf.transpose(
      tf.softmax(tf.transpose(this.float(x), order)),
      order,
    );
  }

  isNaN(x: tf.Tensor): tf.Tensor {
    return hasNaN(this.float(x));
  }

  float(x: tf.Tensor): tf.Tensor {
    return castTo(x, "float32");
  }

  // ---- over axes ----

  sum(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const value = asNumber(x);
    return ofNothing(value, options, 0) ?? tf.sum(value, ...over(x, options));
  }

  mean(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const none = ofNothing(this.float(x), options, NaN);
    if (none !== undefined) return none;
    const [axes, keepDims] = over(x, options);
    // A mean of means: backends sum sequentially, which has a 10 times larger
    // error for a feature map of 112 × 112 positions.
    const means = axes.reduce(
      (value, axis) => tf.mean(value, axis, true),
      this.float(x),
    );
    return keepDims || axes.length === 0 ? means : tf.squeeze(means, axes);
  }

  max(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const value = asNumber(x);
    return ofNothing(value, options, -Infinity) ??
      withNaN(value, options, tf.max(value, ...over(x, options)));
  }

  min(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const value = asNumber(x);
    return ofNothing(value, options, Infinity) ??
      withNaN(value, options, tf.min(value, ...over(x, options)));
  }

  prod(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const value = asNumber(x);
    return ofNothing(value, options, 1) ?? tf.prod(value, ...over(x, options));
  }

  any(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const none = ofNothing(castTo(x, "bool"), options, 0);
    if (none !== undefined) return none;
    const [axes, keepdims] = over(x, options);
    return withoutGradient(
      (y) => anyTrue(y, axes, keepdims),
      castTo(x, "bool"),
    );
  }

  all(x: tf.Tensor, options: ReduceOptions = {}): tf.Tensor {
    const none = ofNothing(castTo(x, "bool"), options, 1);
    if (none !== undefined) return none;
    const [axes, keepdims] = over(x, options);
    return withoutGradient(
      (y) => allTrue(y, axes, keepdims),
      castTo(x, "bool"),
    );
  }

  argmax(x: tf.Tensor, axis: number): tf.Tensor {
    const value = asNumber(x);
    SHAPES.argmax({ shape: x.shape, dtype: this.dtype(x) }, axis);
    return withoutGradient((y) => tf.argMax(y, axis), value);
  }

  cumsum(x: tf.Tensor, axis: number): tf.Tensor {
    return tf.cumsum(asNumber(x), axisOf(axis, x.rank));
  }
}

/**
 * The sign of floats, by comparison: the `sign` of the wasm backend returns 0
 * for values below 2e-7.
 *
 * @param x Floats.
 * @returns -1, 0 or 1; 0 for NaN.
 */
export function signOf(x: tf.Tensor): tf.Tensor {
  const isAbove = tf.cast(tf.greater(x, 0), "float32");
  return tf.sub(isAbove, tf.cast(tf.less(x, 0), "float32"));
}

/** The larger of a value and 0, with Keras' gradient of 0 at 0. */
function relu(x: tf.Tensor): tf.Tensor {
  const larger = tf.relu(x);
  // The wasm backend compares bits: NaN with its sign bit set becomes 0.
  return tf.getBackend() === "wasm" ? chosen(hasNaN(x), x, larger) : larger;
}

function hasNaN(x: tf.Tensor): tf.Tensor {
  return withoutGradient((y) => tf.isNaN(y), x);
}

/** Promotes two operands to a common numeric type. */
function numbers(a: tf.Tensor, b: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const type = arithmetic(a.dtype as OpsType, b.dtype as OpsType);
  return checkRank(castTo(a, type), castTo(b, type));
}

/** Converts booleans to integers, for arithmetic. */
export function asNumber(x: tf.Tensor): tf.Tensor {
  return castTo(x, arithmetic(x.dtype as OpsType));
}

function floats(a: tf.Tensor, b: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return checkRank(castTo(a, "float32"), castTo(b, "float32"));
}

function checkRank(a: tf.Tensor, b: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const large = [a, b].find(({ rank }) => rank > MOST_AXES);
  if (large !== undefined) {
    throw new RangeError(
      cannot(
        "compute on TF.js",
        `a value must have ${MOST_AXES} axes at most`,
        large.shape,
      ),
    );
  }
  return [a, b];
}

/**
 * Whether TF.js' maximum and minimum return NaN if the second operand is NaN.
 */
function keepsNaN(b: tf.Tensor, number: number | undefined): boolean {
  const isNumber = number !== undefined && !Number.isNaN(number);
  return isNumber || b.dtype !== "float32" || tf.getBackend() === "cpu";
}

/** Axes and `keepDims` for TF.js. */
function over(
  x: tf.Tensor,
  { axis, keepdims = false }: ReduceOptions,
): [number[], boolean] {
  return [axesOf(axis, x.rank), keepdims];
}

/**
 * The result of a reduction over an axis of size 0, for which the kernels of the
 * wasm backend return memory that was never written.
 *
 * @param x The tensor.
 * @param options Axes.
 * @param value The result for no values; of integers, within their range.
 * @returns The result; undefined if each reduced axis has values.
 */
function ofNothing(
  x: tf.Tensor,
  options: ReduceOptions,
  value: number,
): tf.Tensor | undefined {
  const [axes, keepdims] = over(x, options);
  if (!axes.some((axis) => x.shape[axis] === 0)) return undefined;
  const sizes = x.shape.map((size, i) => axes.includes(i) ? 1 : size);
  const shape = keepdims ? sizes : sizes.filter((_, i) => !axes.includes(i));
  if (x.dtype === "float32") return tf.fill(shape, value);
  const whole = Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);
  return castTo(tf.fill(shape, whole, "int32"), x.dtype as OpsType);
}

/** Shaders ignore NaN, so they are counted and restored. */
function withNaN(
  x: tf.Tensor,
  options: ReduceOptions,
  result: tf.Tensor,
): tf.Tensor {
  if (tf.getBackend() !== "webgpu" || x.dtype !== "float32") return result;
  const isThere = withoutGradient(
    (y) => anyTrue(tf.isNaN(y), ...over(x, options)),
    x,
  );
  return chosen(isThere, tf.scalar(NaN), result);
}

const onWasm = () => tf.getBackend() === "wasm";

/** The sine; that of wasm adds 2π to negative numbers, which loses digits. */
function exactSin(x: tf.Tensor): tf.Tensor {
  if (!onWasm()) return tf.sin(x);
  const value = tf.sin(tf.abs(x));
  return chosen(withoutGradient((y) => tf.less(y, 0), x), tf.neg(value), value);
}

/**
 * The error function; near 0 by its series, as the kernels of cpu and webgpu
 * have an absolute error of 1e-9 there.
 */
function exactErf(x: tf.Tensor): tf.Tensor {
  const square = tf.square(x);
  const series = [1 / 216, -1 / 42, 1 / 10, -1 / 3, 1].reduce(
    (sum, factor) => tf.add(tf.mul(sum, square), factor),
    tf.scalar(0) as tf.Tensor,
  );
  const near = tf.mul(tf.mul(x, series), 2 / Math.sqrt(Math.PI));
  const isNear = withoutGradient((y) => tf.less(tf.abs(y), 0.35), x);
  return chosen(isNear, near, tf.erf(x));
}

/**
 * `log(1 + x)` for backends that round `1 + x` first: the rounding error is
 * corrected by a factor.
 *
 * Source: D. Goldberg, "What Every Computer Scientist Should Know About
 * Floating-Point Arithmetic", theorem 4.
 */
function exactLog1p(x: tf.Tensor): tf.Tensor {
  const compute = tf.customGrad((x, save) => {
    const value = x as tf.Tensor;
    (save as (tensors: tf.Tensor[]) => void)([value]);
    const above = tf.add(value, 1);
    const seen = tf.sub(above, 1); // rounded x
    const exact = tf.mul(tf.log(above), tf.div(value, seen));
    const large = chosen(tf.equal(seen, value), tf.log(above), exact);
    return {
      value: chosen(tf.equal(seen, 0), value, large),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.div(dy, tf.add(saved[0]!, 1)),
    };
  });
  return compute(x);
}

/**
 * `⌊a / b⌋` of integers. The kernel of the wasm backend divides in float32,
 * which is exact below 2^24 only. The quotient towards zero is that of a multiple
 * of `b`: a first one in float32 leaves a multiple below `2^10 b`, which is exact.
 */
function floorOfRatio(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const rest = tf.mod(a, b);
  const isBelow = tf.logicalAnd(
    tf.notEqual(rest, tf.zerosLike(rest)),
    tf.notEqual(tf.sign(a), tf.sign(b)),
  );
  const below = tf.cast(isBelow, "int32");
  const multiple = tf.sub(a, tf.sub(rest, tf.mul(below, b)));
  const first = roundedRatio(multiple, b);
  const left = tf.sub(multiple, tf.mul(first, b));
  return tf.sub(tf.add(first, roundedRatio(left, b)), below);
}

function roundedRatio(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [p, q] = floats(a, b);
  return tf.cast(tf.round(tf.div(p, q)), "int32");
}
