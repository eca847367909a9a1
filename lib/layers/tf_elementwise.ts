/**
 * Element-wise functions and reductions of TensorFlow, by their names in Keras
 * 2 files.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import type { Ops, ReduceOptions } from "../ops/ops.ts";
import {
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctanh,
  cosh,
  divideNoNan,
  fmod,
  logicalXor,
  sinh,
  tan,
} from "./_math_functions.ts";
import { activationNamed } from "./activations.ts";
import type { FactoryTable, LayerFactory } from "./layer.ts";
import { operation } from "./operation.ts";
import {
  binary,
  isFinite,
  isInfinite,
  less,
  logSumExp,
  reduction,
  rsqrt,
  square,
  unary,
  variance,
} from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

type Unary = <T>(ops: Ops<T>, x: T) => T;
type Binary = <T>(ops: Ops<T>, a: T, b: T) => T;

const UNARY: Readonly<Record<string, Unary>> = {
  "math.abs": (ops, x) => ops.abs(x),
  "math.acos": arccos,
  "math.acosh": arccosh,
  "math.asin": arcsin,
  "math.asinh": arcsinh,
  "math.atan": (ops, x) => ops.atan(x),
  "math.atanh": arctanh,
  "math.ceil": (ops, x) => ops.ceil(x),
  "math.cos": (ops, x) => ops.cos(x),
  "math.cosh": cosh,
  "math.erf": (ops, x) => ops.erf(x),
  "math.erfc": (ops, x) => ops.subtract(c(ops, 1), ops.erf(x)),
  "math.exp": (ops, x) => ops.exp(x),
  "math.expm1": (ops, x) => ops.expm1(x),
  "math.floor": (ops, x) => ops.floor(x),
  "math.is_finite": isFinite,
  "math.is_inf": isInfinite,
  "math.is_nan": (ops, x) => ops.isNaN(x),
  "math.log": (ops, x) => ops.log(x),
  "math.log1p": (ops, x) => ops.log1p(x),
  "math.log_sigmoid": (ops, x) => activationNamed("log_sigmoid", 3)!(ops, x),
  "math.logical_not": (ops, x) => ops.logicalNot(x),
  "math.negative": (ops, x) => ops.negative(x),
  "math.reciprocal": (ops, x) => ops.divide(c(ops, 1), x),
  "math.reciprocal_no_nan": (ops, x) => divideNoNan(ops, c(ops, 1), x),
  "math.rint": (ops, x) => ops.round(x),
  "math.round": (ops, x) => ops.round(x),
  "math.rsqrt": rsqrt,
  "math.sigmoid": (ops, x) => ops.sigmoid(x),
  "math.sign": (ops, x) => ops.sign(x),
  "math.sin": (ops, x) => ops.sin(x),
  "math.sinh": sinh,
  "math.sqrt": (ops, x) => ops.sqrt(x),
  "math.square": square,
  "math.tan": tan,
  "math.tanh": (ops, x) => ops.tanh(x),
  "nn.sigmoid": (ops, x) => ops.sigmoid(x),
  "nn.tanh": (ops, x) => ops.tanh(x),
  "identity": (_ops, x) => x,
  "stop_gradient": (_ops, x) => x,
};

/** Activations, whose parameter is `features`. */
const FEATURES: Readonly<Record<string, string>> = {
  "nn.relu": "relu",
  "nn.relu6": "relu6",
  "nn.selu": "selu",
  "nn.softplus": "softplus",
  "math.softplus": "softplus",
  "nn.softsign": "softsign",
  "nn.silu": "silu",
  "nn.swish": "silu",
};

const BINARY: Readonly<Record<string, Binary>> = {
  "__operators__.add": (ops, a, b) => ops.add(a, b),
  "__operators__.eq": (ops, a, b) => ops.equal(a, b),
  "__operators__.ne": (ops, a, b) => ops.logicalNot(ops.equal(a, b)),
  "math.add": (ops, a, b) => ops.add(a, b),
  "math.divide": (ops, a, b) => ops.divide(a, b),
  "math.divide_no_nan": divideNoNan,
  "math.equal": (ops, a, b) => ops.equal(a, b),
  "math.floordiv": (ops, a, b) => ops.floorDivide(a, b),
  "math.floormod": (ops, a, b) => ops.mod(a, b),
  "math.greater": (ops, a, b) => ops.greater(a, b),
  "math.greater_equal": (ops, a, b) => ops.greaterEqual(a, b),
  "math.less": less,
  "math.less_equal": (ops, a, b) => ops.greaterEqual(b, a),
  "math.logical_and": (ops, a, b) => ops.logicalAnd(a, b),
  "math.logical_or": (ops, a, b) => ops.logicalOr(a, b),
  "math.logical_xor": logicalXor,
  "math.maximum": (ops, a, b) => ops.maximum(a, b),
  "math.minimum": (ops, a, b) => ops.minimum(a, b),
  "math.multiply": (ops, a, b) => ops.multiply(a, b),
  "math.multiply_no_nan": (ops, a, b) => {
    const isZero = ops.equal(ops.float(b), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.multiply(a, b));
  },
  "math.not_equal": (ops, a, b) => ops.logicalNot(ops.equal(a, b)),
  "math.pow": (ops, a, b) => ops.power(a, b),
  "math.squared_difference": (ops, a, b) => square(ops, ops.subtract(a, b)),
  "math.subtract": (ops, a, b) => ops.subtract(a, b),
  "math.truediv": (ops, a, b) => ops.divide(a, b),
  "math.xdivy": (ops, a, b) => {
    const isZero = ops.equal(ops.float(a), c(ops, 0));
    return ops.where(isZero, c(ops, 0), ops.divide(a, b));
  },
  "compat.v1.floor_div": (ops, a, b) => ops.floorDivide(a, b),
  "math.mod": (ops, a, b) => ops.mod(a, b),
  "floor_div": (ops, a, b) => ops.floorDivide(a, b),
  "truncatemod": fmod,
};

const REDUCE = ["input_tensor:x", "axis", "keepdims"];
const REDUCTIONS: Readonly<
  Record<string, <T>(ops: Ops<T>, x: T, options: ReduceOptions) => T>
> = {
  all: (ops, x, o) => ops.all(x, o),
  any: (ops, x, o) => ops.any(x, o),
  "euclidean_norm": (ops, x, o) => ops.sqrt(ops.sum(square(ops, x), o)),
  logsumexp: logSumExp,
  max: (ops, x, o) => ops.max(x, o),
  mean: (ops, x, o) => ops.mean(x, o),
  min: (ops, x, o) => ops.min(x, o),
  prod: (ops, x, o) => ops.prod(x, o),
  std: (ops, x, o) => ops.sqrt(variance(ops, x, o)),
  sum: (ops, x, o) => ops.sum(x, o),
  variance,
};

export function named<A>(
  table: Readonly<Record<string, A>>,
  make: (entry: A) => LayerFactory,
  prefix = "tf.",
): Record<string, LayerFactory> {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [prefix + name, make(entry)]),
  );
}

/** Factories by name. */
export const TF_ELEMENTWISE: FactoryTable = Object.freeze({
  ...named(
    UNARY,
    (compute) =>
      operation(
        ["x:x", "input:x"],
        (ops, args) => compute(ops, args.tensor("x")),
      ),
  ),
  ...named(
    FEATURES,
    (name) =>
      unary((ops, x) => activationNamed(name, 2)!(ops, x), ["features"]),
  ),
  ...named(BINARY, (compute) => binary(compute, ["x", "y"])),
  ...named(
    REDUCTIONS,
    (compute) => reduction(compute, REDUCE),
    "tf.math.reduce_",
  ),
});
