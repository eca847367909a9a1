/**
 * Element-wise operations of `keras.ops`, and the same functions of TensorFlow.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.math`, `keras.ops.nn`.
 *
 * @module
 */
import { bessel, inverseErf } from "./_special_functions.ts";
import type { Ops } from "../ops/ops.ts";
import * as math from "./_math_functions.ts";
import {
  activationNamed,
  celu,
  elu,
  gelu,
  leakyRelu,
  shrink,
  squareplus,
} from "./activations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Compute, type ComputeOne, operations } from "./operation.ts";
import {
  type Binary,
  binary,
  cast,
  isFinite,
  isInfinite,
  less,
  nanToNum,
  operationRows,
  rsqrt,
  square,
  truncated,
  truncatedQuotient,
  type Unary,
  unary,
} from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** Names of TensorFlow stand beside those of Keras for the same function. */
const UNARY: Readonly<Record<string, Unary>> = {
  "Abs | Absolute | tf.math.abs": (ops, x) => ops.abs(x),
  "Angle": (ops, x) => {
    const isBelow = ops.greater(c(ops, 0), ops.float(x));
    return ops.where(isBelow, c(ops, Math.PI), c(ops, 0));
  },
  "Fabs": (ops, x) => ops.float(ops.abs(x)),
  "Arccos | tf.math.acos": math.arccos,
  "Arccosh | tf.math.acosh": math.arccosh,
  "Arcsin | tf.math.asin": math.arcsin,
  "Arcsinh | tf.math.asinh": math.arcsinh,
  "Arctan | tf.math.atan": (ops, x) => ops.atan(x),
  "Arctanh | tf.math.atanh": math.arctanh,
  "Cbrt": math.cbrt,
  "Ceil | tf.math.ceil": (ops, x) => ops.ceil(x),
  "Conj | Conjugate | Copy | Real": (_ops, x) => x,
  "Cos | tf.math.cos": (ops, x) => ops.cos(x),
  "Cosh | tf.math.cosh": math.cosh,
  "Deg2rad": (ops, x) => ops.multiply(x, c(ops, Math.PI / 180)),
  "Erf | tf.math.erf": (ops, x) => ops.erf(x),
  "Erfc | tf.math.erfc": (ops, x) => ops.subtract(c(ops, 1), ops.erf(x)),
  "Erfinv": inverseErf,
  "Exp | tf.math.exp": (ops, x) => ops.exp(x),
  "Exp2": (ops, x) => ops.power(c(ops, 2), ops.float(x)),
  "Expm1 | tf.math.expm1": (ops, x) => ops.expm1(x),
  "Floor | tf.math.floor": (ops, x) => ops.floor(x),
  "I0": (ops, x) => bessel(ops, ops.float(x), 0),
  "Imag": (ops, x) => ops.cast(ops.broadcastLike(c(ops, 0), x), ops.dtype(x)),
  "Isfinite | tf.math.is_finite": isFinite,
  "Isinf | tf.math.is_inf": isInfinite,
  "Isnan | tf.math.is_nan": (ops, x) => ops.isNaN(x),
  "Isneginf": (ops, x) => ops.equal(ops.float(x), c(ops, -Infinity)),
  "Isreal": (ops, x) => ops.cast(ops.broadcastLike(c(ops, 1), x), "bool"),
  "Isposinf": (ops, x) => ops.equal(ops.float(x), c(ops, Infinity)),
  "Log | tf.math.log": (ops, x) => ops.log(x),
  "Log10": (ops, x) => ops.multiply(ops.log(x), c(ops, Math.LOG10E)),
  "Log1p | tf.math.log1p": (ops, x) => ops.log1p(x),
  "Log2": (ops, x) => ops.multiply(ops.log(x), c(ops, Math.LOG2E)),
  "LogicalNot | tf.math.logical_not": (ops, x) =>
    ops.logicalNot(ops.cast(x, "bool")),
  "Negative | tf.math.negative": (ops, x) => ops.negative(x),
  "Rad2deg": (ops, x) => ops.multiply(x, c(ops, 180 / Math.PI)),
  "Reciprocal | tf.math.reciprocal": (ops, x) => ops.divide(c(ops, 1), x),
  "Rsqrt | tf.math.rsqrt": rsqrt,
  "Signbit": (ops, x) => {
    // Of two zeros the one below divides to −∞.
    const zero = c(ops, 0);
    const number = ops.float(x);
    const isBelow = ops.greater(zero, number);
    const inverse = ops.divide(c(ops, 1), number);
    const isZero = ops.equal(number, zero);
    return ops.logicalOr(
      isBelow,
      ops.logicalAnd(isZero, ops.greater(zero, inverse)),
    );
  },
  "Sign | tf.math.sign": (ops, x) => ops.sign(x),
  "Sin | tf.math.sin": (ops, x) => ops.sin(x),
  "Sinc": math.sinc,
  "Sinh | tf.math.sinh": math.sinh,
  "Sqrt | tf.math.sqrt": (ops, x) => ops.sqrt(x),
  "Square | tf.math.square": square,
  "StopGradient | tf.identity | tf.stop_gradient": (_ops, x) => x,
  "Tan | tf.math.tan": math.tan,
  "Tanh | tf.math.tanh | tf.nn.tanh": (ops, x) => ops.tanh(x),
  "Trunc": truncated,
  "LogSigmoid | tf.math.log_sigmoid": named("log_sigmoid"),
  "Sigmoid | tf.math.sigmoid | tf.nn.sigmoid": named("sigmoid"),
  "tf.math.reciprocal_no_nan": (ops, x) => math.divideNoNan(ops, c(ops, 1), x),
  "tf.math.rint | tf.math.round": (ops, x) => ops.round(x),
};

/** Activations whose parameter is called "features" in TensorFlow. */
const ACTIVATIONS: Readonly<Record<string, Unary>> = {
  "Relu | tf.nn.relu": named("relu"),
  "Relu6 | tf.nn.relu6": named("relu6"),
  "HardSigmoid": named("hard_sigmoid"),
  "HardSilu": named("hard_silu"),
  "HardTanh": named("hard_tanh"),
  "TanhShrink": named("tanh_shrink"),
  "Silu | tf.nn.silu | tf.nn.swish": named("silu"),
  "Selu | tf.nn.selu": named("selu"),
  "Softplus | tf.math.softplus | tf.nn.softplus": named("softplus"),
  "Softsign | tf.nn.softsign": named("softsign"),
  "SparsePlus": named("sparse_plus"),
  "SparseSigmoid": named("sparse_sigmoid"),
};

const BINARY: Readonly<Record<string, Binary>> = {
  "Add | tf.math.add | tf.__operators__.add": (ops, a, b) => ops.add(a, b),
  "Arctan2": math.arctan2,
  "Divide | TrueDivide | tf.math.divide | tf.math.truediv": (ops, a, b) =>
    ops.divide(a, b),
  "DivideNoNan | tf.math.divide_no_nan": math.divideNoNan,
  "Equal | tf.math.equal | tf.__operators__.eq": (ops, a, b) => ops.equal(a, b),
  "FloorDivide | tf.math.floordiv | tf.floor_div | tf.compat.v1.floor_div": (
    ops,
    a,
    b,
  ) => ops.floorDivide(a, b),
  "Fmax": math.withoutNaN("maximum"),
  "Fmin": math.withoutNaN("minimum"),
  "Fmod | tf.truncatemod": math.fmod,
  "Greater | tf.math.greater": (ops, a, b) => ops.greater(a, b),
  "GreaterEqual | tf.math.greater_equal": (ops, a, b) => ops.greaterEqual(a, b),
  "Heaviside": math.heaviside,
  "Hypot": math.hypot,
  "Less | tf.math.less": less,
  "LessEqual | tf.math.less_equal": (ops, a, b) => ops.greaterEqual(b, a),
  "Ldexp": (ops, a, b) => ops.multiply(a, ops.power(c(ops, 2), ops.float(b))),
  "Logaddexp": math.logAddExp,
  "Logaddexp2": (ops, a, b) => {
    const [p, q] = [a, b].map((x) => ops.multiply(x, c(ops, Math.LN2)));
    return ops.multiply(math.logAddExp(ops, p!, q!), c(ops, Math.LOG2E));
  },
  "LogicalAnd | tf.math.logical_and": (ops, a, b) => ops.logicalAnd(a, b),
  "LogicalOr | tf.math.logical_or": (ops, a, b) => ops.logicalOr(a, b),
  "LogicalXor | tf.math.logical_xor": math.logicalXor,
  "Maximum | tf.math.maximum": (ops, a, b) => ops.maximum(a, b),
  "Minimum | tf.math.minimum": (ops, a, b) => ops.minimum(a, b),
  "Mod | tf.math.mod | tf.math.floormod": (ops, a, b) => ops.mod(a, b),
  "Multiply | tf.math.multiply": (ops, a, b) => ops.multiply(a, b),
  "NotEqual | tf.math.not_equal | tf.__operators__.ne": (ops, a, b) =>
    ops.logicalNot(ops.equal(a, b)),
  "Power | tf.math.pow": (ops, a, b) => ops.power(a, b),
  "Subtract | tf.math.subtract": (ops, a, b) => ops.subtract(a, b),
  "tf.math.multiply_no_nan": (ops, a, b) => {
    const isZero = ops.equal(ops.float(b), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.multiply(a, b));
  },
  "tf.math.squared_difference": (ops, a, b) => square(ops, ops.subtract(a, b)),
  "tf.math.xdivy": (ops, a, b) => {
    const isZero = ops.equal(ops.float(a), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.divide(a, b));
  },
};

/** An activation of Keras 3 by name. */
function named(name: string): Unary {
  return (ops, x) => activationNamed(name, 3)!(ops, x);
}

/** The range of an element type, in values that float32 can hold. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  ...{ bool: [0, 1], uint8: [0, 255], uint16: [0, 65535] },
  ...{ int8: [-128, 127], int16: [-32768, 32767] },
  int32: [-(2 ** 31), 2 ** 31 - 128],
  float16: [-65504, 65504],
  float32: [-(2 - 2 ** -23) * 2 ** 127, (2 - 2 ** -23) * 2 ** 127],
  bfloat16: [-(2 - 2 ** -7) * 2 ** 127, (2 - 2 ** -7) * 2 ** 127],
};

/** Casts, with values out of range set to the nearest one in range. */
const saturated: Compute = (ops, args) => {
  const dtype = args.string("dtype");
  const range = RANGES[dtype] ??
    args.refuse("dtype", `be one of ${Object.keys(RANGES).join(", ")}`);
  const x = args.tensor("x");
  const isHeld = ops.dtype(x) === "bool" ||
    ops.dtype(x) === "int32" && Math.abs(range[0]) >= 2 ** 31;
  if (isHeld) return cast(ops, args);
  const [low, high] = range.map((end) =>
    ops.cast(ops.constant(end), ops.dtype(x))
  );
  return cast(
    ops,
    args.with("x", (x) => ops.minimum(ops.maximum(x, low!), high!)),
  );
};

/** Whether two values are near each other. */
export const isClose: ComputeOne = (ops, args) => {
  const [a, b] = args.pair("x1", "x2");
  if (ops.dtype(a) !== "float32" && ops.dtype(b) !== "float32") {
    return ops.equal(a, b);
  }
  const bound = ops.add(
    args.has("atol") ? args.tensor("atol") : c(ops, 1e-8),
    ops.multiply(
      args.has("rtol") ? args.tensor("rtol") : c(ops, 1e-5),
      ops.abs(b),
    ),
  );
  const isNear = ops.greaterEqual(bound, ops.abs(ops.subtract(a, b)));
  const isEqual = ops.logicalOr(
    ops.equal(a, b),
    ops.logicalAnd(isNear, isFinite(ops, b)),
  );
  if (!args.boolean("equal_nan", false)) return isEqual;
  const areNaN = ops.logicalAnd(ops.isNaN(a), ops.isNaN(b));
  return ops.logicalOr(isEqual, areNaN);
};

/** Factories by name. */
export const ELEMENTWISE_OPERATIONS: FactoryTable = operations({
  ...operationRows(UNARY, unary, "x", "x, input:x"),
  ...operationRows(ACTIVATIONS, unary, "x", "features:x"),
  ...operationRows(BINARY, binary, "x1, x2", "x:x1, y:x2"),
  "tf.math.atan2(y:x1, x:x2)": binary(math.arctan2),
  "Celu(x, alpha)": (ops, args) =>
    celu(ops, args.tensor("x"), args.number("alpha", 1)),
  "Elu(x, alpha)": (ops, args) =>
    elu(ops, args.tensor("x"), args.number("alpha", 1)),
  "LeakyRelu(x, negative_slope)": (ops, args) =>
    leakyRelu(ops, args.tensor("x"), args.number("negative_slope", 0.2)),
  "Gelu(x, approximate)": (ops, args) =>
    gelu(ops, args.tensor("x"), args.boolean("approximate", true)),
  "HardShrink(x, threshold)": (ops, args) =>
    shrink(ops, args.tensor("x"), args.number("threshold", 0.5), 0),
  "SoftShrink(x, threshold)": (ops, args) => {
    const threshold = args.number("threshold", 0.5);
    return shrink(ops, args.tensor("x"), threshold, threshold);
  },
  "Squareplus(x, b)": (ops, args) =>
    squareplus(ops, args.tensor("x"), args.number("b", 4)),
  "Threshold(x, threshold, default_value)": (ops, args) => {
    const x = args.tensor("x");
    return ops.where(
      ops.greater(x, args.beside("threshold", "x")),
      x,
      args.beside("default_value", "x"),
    );
  },
  "Round(x, decimals)": (ops, args) => {
    const decimals = args.number("decimals", 0);
    if (decimals === 0) return ops.round(args.tensor("x"));
    const scale = c(ops, 10 ** decimals);
    return ops.divide(
      ops.round(ops.multiply(args.tensor("x"), scale)),
      scale,
    );
  },
  "Clip(x, x_min, x_max)": (ops, args) => {
    let x = args.tensor("x");
    if (args.has("x_min")) x = ops.maximum(x, args.beside("x_min", "x"));
    if (args.has("x_max")) x = ops.minimum(x, args.beside("x_max", "x"));
    return x;
  },
  "Cast(x, dtype)": cast,
  "SaturateCast(x, dtype)": saturated,
  "ConvertToTensor(x, dtype, sparse, ragged)": (ops, args) => {
    args.refuseUnless("sparse", false);
    args.refuseUnless("ragged", false);
    return args.has("dtype") ? cast(ops, args) : args.tensor("x");
  },
  "Array(x, dtype)": (ops, args) =>
    args.has("dtype") ? cast(ops, args) : args.tensor("x"),
  "Where(condition, x1, x2)": (ops, args) => {
    args.demand("x1");
    const condition = ops.cast(args.tensor("condition"), "bool");
    return ops.where(condition, ...args.pair("x1", "x2"));
  },
  "NanToNum(x, nan, posinf, neginf)": (ops, args) =>
    nanToNum(ops, args.tensor("x"), {
      nan: args.number("nan", 0),
      posinf: args.number("posinf", 3.4028234663852886e38),
      neginf: args.number("neginf", -3.4028234663852886e38),
    }),
  "Isclose(x1, x2, rtol, atol, equal_nan)": isClose,
  "tf.compat.v1.div(x, y)": (ops, args) => {
    // As in Python 2, the quotient of integers is an integer.
    const [a, b] = args.pair("x", "y");
    const isWhole = ops.dtype(a) === "int32" && ops.dtype(b) === "int32";
    return isWhole ? ops.floorDivide(a, b) : ops.divide(a, b);
  },
  "tf.nn.elu(features)": (ops, args) => elu(ops, args.tensor("features")),
  "tf.nn.gelu(features, approximate)": (ops, args) =>
    gelu(ops, args.tensor("features"), args.boolean("approximate", false)),
  "tf.nn.leaky_relu(features, alpha)": (ops, args) =>
    leakyRelu(ops, args.tensor("features"), args.number("alpha", 0.2)),
  "tf.math.scalar_mul(scalar:x1, x:x2)": binary((ops, a, b) =>
    ops.multiply(a, b)
  ),
  "tf.compat.v1.math.scalar_mul(scalar:x1, x:x2, name)": binary((ops, a, b) =>
    ops.multiply(a, b)
  ),
  "tf.cast(x, dtype)": cast,
  "tf.convert_to_tensor(value:x, dtype, dtype_hint)": (ops, args) =>
    args.has("dtype") ? cast(ops, args) : args.tensor("x"),
  "tf.clip_by_value(t, clip_value_min, clip_value_max)": (ops, args) =>
    ops.minimum(
      ops.maximum(args.tensor("t"), args.beside("clip_value_min", "t")),
      args.beside("clip_value_max", "t"),
    ),
  "tf.truncatediv(x, y)": (ops, args) =>
    truncatedQuotient(ops, ...args.pair("x", "y")),
});
