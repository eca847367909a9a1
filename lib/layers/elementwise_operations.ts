/**
 * Element-wise operations of `keras.ops`.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.math`, `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import {
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan2,
  arctanh,
  cbrt,
  cosh,
  divideNoNan,
  fmod,
  heaviside,
  hypot,
  logAddExp,
  logicalXor,
  sinc,
  sinh,
  tan,
  withoutNaN,
} from "./_math_functions.ts";
import {
  celu,
  elu,
  gelu,
  leakyRelu,
  shrink,
  squareplus,
} from "./activations.ts";
import type { LayerFactory } from "./layer.ts";
import { type Compute, operation } from "./operation.ts";
import {
  activation,
  binary,
  cast,
  isFinite,
  isInfinite,
  less,
  nanToNum,
  rsqrt,
  square,
  truncated,
  unary,
} from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

const UNARY: Readonly<Record<string, <T>(ops: Ops<T>, x: T) => T>> = {
  Abs: (ops, x) => ops.abs(x),
  Absolute: (ops, x) => ops.abs(x),
  Fabs: (ops, x) => ops.float(ops.abs(x)),
  Arccos: arccos,
  Arccosh: arccosh,
  Arcsin: arcsin,
  Arcsinh: arcsinh,
  Arctan: (ops, x) => ops.atan(x),
  Arctanh: arctanh,
  Cbrt: cbrt,
  Ceil: (ops, x) => ops.ceil(x),
  Conj: (_ops, x) => x,
  Conjugate: (_ops, x) => x,
  Copy: (_ops, x) => x,
  Cos: (ops, x) => ops.cos(x),
  Cosh: cosh,
  Deg2rad: (ops, x) => ops.multiply(x, c(ops, Math.PI / 180)),
  Erf: (ops, x) => ops.erf(x),
  Erfc: (ops, x) => ops.subtract(c(ops, 1), ops.erf(x)),
  Exp: (ops, x) => ops.exp(x),
  Exp2: (ops, x) => ops.power(c(ops, 2), ops.float(x)),
  Expm1: (ops, x) => ops.expm1(x),
  Floor: (ops, x) => ops.floor(x),
  Isfinite: isFinite,
  Isinf: isInfinite,
  Isnan: (ops, x) => ops.isNaN(x),
  Isneginf: (ops, x) => ops.equal(ops.float(x), c(ops, -Infinity)),
  Isreal: (ops, x) => ops.cast(ops.broadcastLike(ops.constant(1), x), "bool"),
  Isposinf: (ops, x) => ops.equal(ops.float(x), c(ops, Infinity)),
  Log: (ops, x) => ops.log(x),
  Log10: (ops, x) => ops.multiply(ops.log(x), c(ops, Math.LOG10E)),
  Log1p: (ops, x) => ops.log1p(x),
  Log2: (ops, x) => ops.multiply(ops.log(x), c(ops, Math.LOG2E)),
  LogicalNot: (ops, x) => ops.logicalNot(ops.cast(x, "bool")),
  Negative: (ops, x) => ops.negative(x),
  Rad2deg: (ops, x) => ops.multiply(x, c(ops, 180 / Math.PI)),
  Real: (_ops, x) => x,
  Reciprocal: (ops, x) => ops.divide(c(ops, 1), x),
  Rsqrt: rsqrt,
  Signbit: (ops, x) => {
    // Of two zeros the one below divides to −∞.
    const zero = ops.constant(0);
    const number = ops.float(x);
    const isBelow = ops.greater(zero, number);
    const inverse = ops.divide(ops.constant(1), number);
    const isZero = ops.equal(number, zero);
    return ops.logicalOr(
      isBelow,
      ops.logicalAnd(isZero, ops.greater(zero, inverse)),
    );
  },
  Sign: (ops, x) => ops.sign(x),
  Sin: (ops, x) => ops.sin(x),
  Sinc: sinc,
  Sinh: sinh,
  Sqrt: (ops, x) => ops.sqrt(x),
  Square: square,
  StopGradient: (_ops, x) => x,
  Tan: tan,
  Tanh: (ops, x) => ops.tanh(x),
  Trunc: truncated,
};

const BINARY: Readonly<Record<string, <T>(ops: Ops<T>, a: T, b: T) => T>> = {
  Add: (ops, a, b) => ops.add(a, b),
  Arctan2: arctan2,
  Divide: (ops, a, b) => ops.divide(a, b),
  DivideNoNan: divideNoNan,
  Equal: (ops, a, b) => ops.equal(a, b),
  FloorDivide: (ops, a, b) => ops.floorDivide(a, b),
  Fmax: withoutNaN("maximum"),
  Fmin: withoutNaN("minimum"),
  Fmod: fmod,
  Greater: (ops, a, b) => ops.greater(a, b),
  GreaterEqual: (ops, a, b) => ops.greaterEqual(a, b),
  Heaviside: heaviside,
  Hypot: hypot,
  Less: less,
  LessEqual: (ops, a, b) => ops.greaterEqual(b, a),
  Ldexp: (ops, a, b) => ops.multiply(a, ops.power(c(ops, 2), ops.float(b))),
  Logaddexp: logAddExp,
  Logaddexp2: (ops, a, b) => {
    const [p, q] = [a, b].map((x) => ops.multiply(x, c(ops, Math.LN2)));
    return ops.multiply(logAddExp(ops, p!, q!), c(ops, Math.LOG2E));
  },
  LogicalAnd: (ops, a, b) => ops.logicalAnd(a, b),
  LogicalOr: (ops, a, b) => ops.logicalOr(a, b),
  LogicalXor: logicalXor,
  Maximum: (ops, a, b) => ops.maximum(a, b),
  Minimum: (ops, a, b) => ops.minimum(a, b),
  Mod: (ops, a, b) => ops.mod(a, b),
  Multiply: (ops, a, b) => ops.multiply(a, b),
  NotEqual: (ops, a, b) => ops.logicalNot(ops.equal(a, b)),
  Power: (ops, a, b) => ops.power(a, b),
  Subtract: (ops, a, b) => ops.subtract(a, b),
  TrueDivide: (ops, a, b) => ops.divide(a, b),
};

/** The range of an element type, as float32 has it. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  ...{ bool: [0, 1], uint8: [0, 255], uint16: [0, 65535] },
  ...{ int8: [-128, 127], int16: [-32768, 32767] },
  int32: [-(2 ** 31), 2 ** 31 - 128],
  float16: [-65504, 65504],
  float32: [-(2 - 2 ** -23) * 2 ** 127, (2 - 2 ** -23) * 2 ** 127],
  bfloat16: [-(2 - 2 ** -7) * 2 ** 127, (2 - 2 ** -7) * 2 ** 127],
};

/** Casts what an element type cannot hold to its nearest value. */
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

/** Factories by name. */
export const ELEMENTWISE_OPERATIONS: Readonly<Record<string, LayerFactory>> =
  Object.freeze({
    ...mapped(UNARY, (compute) => unary(compute)),
    ...mapped(BINARY, (compute) => binary(compute)),
    ...Object.fromEntries(
      Object.entries({
        Relu: "relu",
        Relu6: "relu6",
        Sigmoid: "sigmoid",
        HardSigmoid: "hard_sigmoid",
        HardSilu: "hard_silu",
        HardTanh: "hard_tanh",
        TanhShrink: "tanh_shrink",
        Silu: "silu",
        Selu: "selu",
        Softplus: "softplus",
        Softsign: "softsign",
        LogSigmoid: "log_sigmoid",
        SparsePlus: "sparse_plus",
        SparseSigmoid: "sparse_sigmoid",
      }).map(([name, key]) => [name, activation(key)]),
    ),
    Celu: operation(
      ["x", "alpha"],
      (ops, args) => celu(ops, args.tensor("x"), args.number("alpha", 1)),
    ),
    Elu: operation(
      ["x", "alpha"],
      (ops, args) => elu(ops, args.tensor("x"), args.number("alpha", 1)),
    ),
    LeakyRelu: operation(
      ["x", "negative_slope"],
      (ops, args) =>
        leakyRelu(ops, args.tensor("x"), args.number("negative_slope", 0.2)),
    ),
    Gelu: operation(
      ["x", "approximate"],
      (ops, args) =>
        gelu(ops, args.tensor("x"), args.boolean("approximate", true)),
    ),
    HardShrink: operation(
      ["x", "threshold"],
      (ops, args) =>
        shrink(ops, args.tensor("x"), args.number("threshold", 0.5), 0),
    ),
    SoftShrink: operation(["x", "threshold"], (ops, args) => {
      const threshold = args.number("threshold", 0.5);
      return shrink(ops, args.tensor("x"), threshold, threshold);
    }),
    Squareplus: operation(
      ["x", "b"],
      (ops, args) => squareplus(ops, args.tensor("x"), args.number("b", 4)),
    ),
    Threshold: operation(["x", "threshold", "default_value"], (ops, args) => {
      const x = args.tensor("x");
      return ops.where(
        ops.greater(x, args.beside("threshold", "x")),
        x,
        args.beside("default_value", "x"),
      );
    }),
    Round: operation(["x", "decimals"], (ops, args) => {
      const decimals = args.number("decimals", 0);
      if (decimals === 0) return ops.round(args.tensor("x"));
      const scale = c(ops, 10 ** decimals);
      return ops.divide(
        ops.round(ops.multiply(args.tensor("x"), scale)),
        scale,
      );
    }),
    Clip: operation(["x", "x_min", "x_max"], (ops, args) => {
      let x = args.tensor("x");
      if (args.has("x_min")) x = ops.maximum(x, args.beside("x_min", "x"));
      if (args.has("x_max")) x = ops.minimum(x, args.beside("x_max", "x"));
      return x;
    }),
    Cast: operation(["x", "dtype"], cast),
    SaturateCast: operation(["x", "dtype"], saturated),
    ConvertToTensor: operation(
      ["x", "dtype", "sparse", "ragged"],
      (ops, args) => {
        args.refuseUnless("sparse", false);
        args.refuseUnless("ragged", false);
        return args.has("dtype") ? cast(ops, args) : args.tensor("x");
      },
    ),
    Array: operation(
      ["x", "dtype"],
      (ops, args) => args.has("dtype") ? cast(ops, args) : args.tensor("x"),
    ),
    Where: operation(["condition", "x1", "x2"], (ops, args) => {
      if (!args.has("x1")) args.refuse("x1", "be there");
      const condition = ops.cast(args.tensor("condition"), "bool");
      return ops.where(condition, ...args.pair("x1", "x2"));
    }),
    NanToNum: operation(
      ["x", "nan", "posinf", "neginf"],
      (ops, args) =>
        nanToNum(ops, args.tensor("x"), {
          nan: args.number("nan", 0),
          posinf: args.number("posinf", 3.4028234663852886e38),
          neginf: args.number("neginf", -3.4028234663852886e38),
        }),
    ),
    Isclose: operation(
      ["x1", "x2", "rtol", "atol", "equal_nan"],
      (ops, args) => {
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
        const isClose = ops.logicalOr(
          ops.equal(a, b),
          ops.logicalAnd(isNear, isFinite(ops, b)),
        );
        if (!args.boolean("equal_nan", false)) return isClose;
        const areNaN = ops.logicalAnd(ops.isNaN(a), ops.isNaN(b));
        return ops.logicalOr(isClose, areNaN);
      },
    ),
  });

function mapped<A>(
  table: Readonly<Record<string, A>>,
  make: (compute: A) => LayerFactory,
): Record<string, LayerFactory> {
  return Object.fromEntries(
    Object.entries(table).map(([name, compute]) => [name, make(compute)]),
  );
}
