/**
 * Operations of `keras.ops` that work element by element.
 *
 * Source: Keras 3.15 `keras.ops.numpy`, `keras.ops.math`, `keras.ops.nn`.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import {
  celu,
  elu,
  gelu,
  leakyRelu,
  shrink,
  squareplus,
} from "./activations.ts";
import type { LayerFactory } from "./layer.ts";
import { operation } from "./operation.ts";
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

/** `(expm1(x) + expm1(x) / (expm1(x) + 1)) / 2`, exact for small `x`. */
export function sinh<T>(ops: Ops<T>, x: T): T {
  const size = ops.abs(x);
  const e = ops.expm1(ops.minimum(size, c(ops, 88)));
  const near = ops.divide(
    ops.add(e, ops.divide(e, ops.add(e, c(ops, 1)))),
    c(ops, 2),
  );
  const far = ops.exp(ops.subtract(size, c(ops, Math.LN2)));
  const value = ops.where(ops.greater(size, c(ops, 20)), far, near);
  return ops.multiply(ops.sign(x), value);
}

/** `(exp(x) + exp(−x)) / 2`. */
export function cosh<T>(ops: Ops<T>, x: T): T {
  const half = ops.exp(ops.subtract(ops.abs(x), c(ops, Math.LN2)));
  return ops.add(half, ops.divide(c(ops, 0.25), half));
}

/** `log(x + √(x² + 1))`. */
export function arcsinh<T>(ops: Ops<T>, x: T): T {
  const size = ops.abs(x);
  const squared = square(ops, size);
  const root = ops.add(c(ops, 1), ops.sqrt(ops.add(squared, c(ops, 1))));
  return ops.multiply(
    ops.sign(x),
    ops.log1p(ops.add(size, ops.divide(squared, root))),
  );
}

/** `log(x + √(x² − 1))`, from 1 on. */
export function arccosh<T>(ops: Ops<T>, x: T): T {
  const t = ops.subtract(x, c(ops, 1));
  const inner = ops.add(ops.multiply(c(ops, 2), t), square(ops, t));
  return ops.log1p(ops.add(t, ops.sqrt(inner)));
}

/** `log((1 + x) / (1 − x)) / 2`. */
export function arctanh<T>(ops: Ops<T>, x: T): T {
  const ratio = ops.divide(
    ops.multiply(c(ops, 2), x),
    ops.subtract(c(ops, 1), x),
  );
  return ops.multiply(c(ops, 0.5), ops.log1p(ratio));
}

/** The angle of the point `(x, y)`, from −π to π. */
export function arctan2<T>(ops: Ops<T>, y: T, x: T): T {
  const [a, b] = [ops.float(y), ops.float(x)];
  const base = ops.atan(ops.divide(a, b));
  const isBelow = ops.greater(c(ops, 0), a);
  const turn = ops.where(isBelow, c(ops, -Math.PI), c(ops, Math.PI));
  const isLeft = ops.greater(c(ops, 0), b);
  const angle = ops.where(isLeft, ops.add(base, turn), base);
  const isOrigin = ops.logicalAnd(
    ops.equal(a, c(ops, 0)),
    ops.equal(b, c(ops, 0)),
  );
  return ops.where(isOrigin, c(ops, 0), angle);
}

export function arcsin<T>(ops: Ops<T>, x: T): T {
  const root = ops.sqrt(ops.multiply(
    ops.subtract(c(ops, 1), x),
    ops.add(c(ops, 1), x),
  ));
  return ops.atan(ops.divide(x, root));
}

export function arccos<T>(ops: Ops<T>, x: T): T {
  const below = ops.sqrt(ops.subtract(c(ops, 1), x));
  const above = ops.sqrt(ops.add(c(ops, 1), x));
  return ops.multiply(c(ops, 2), ops.atan(ops.divide(below, above)));
}

export function tan<T>(ops: Ops<T>, x: T): T {
  return ops.divide(ops.sin(x), ops.cos(x));
}

/** The logarithm of `exp(a) + exp(b)`, without overflow. */
function logAddExp<T>(ops: Ops<T>, a: T, b: T): T {
  const distance = ops.abs(ops.subtract(a, b));
  const tail = ops.log1p(ops.exp(ops.negative(distance)));
  const sum = ops.add(ops.maximum(a, b), tail);
  // Of two equal infinities the distance is NaN.
  return ops.where(ops.equal(a, b), ops.add(a, c(ops, Math.LN2)), sum);
}

export function logicalXor<T>(ops: Ops<T>, a: T, b: T): T {
  const [p, q] = [ops.cast(a, "bool"), ops.cast(b, "bool")];
  return ops.logicalAnd(
    ops.logicalOr(p, q),
    ops.logicalNot(ops.logicalAnd(p, q)),
  );
}

/** `a / b`, 0 where `b` is 0. */
export function divideNoNan<T>(ops: Ops<T>, a: T, b: T): T {
  const isZero = ops.equal(ops.float(b), c(ops, 0));
  const quotient = ops.divide(a, ops.where(isZero, c(ops, 1), b));
  return ops.where(isZero, c(ops, 0), quotient);
}

/** The larger of two, or the one that is a number. */
function withoutNaN(kind: "maximum" | "minimum") {
  return <T>(ops: Ops<T>, a: T, b: T): T =>
    ops.where(
      ops.isNaN(a),
      b,
      ops.where(ops.isNaN(b), a, ops[kind](a, b)),
    );
}

/** The remainder with the sign of the dividend, as in C. */
export function fmod<T>(ops: Ops<T>, a: T, b: T): T {
  const size = ops.abs(b);
  const rest = ops.mod(ops.abs(a), size);
  return ops.multiply(ops.sign(a), rest);
}

function heaviside<T>(ops: Ops<T>, x: T, middle: T): T {
  const zero = c(ops, 0);
  const step = ops.where(ops.equal(x, zero), middle, zero);
  const value = ops.where(ops.greater(x, zero), c(ops, 1), step);
  return ops.where(ops.isNaN(x), ops.float(x), value);
}

function hypot<T>(ops: Ops<T>, a: T, b: T): T {
  const [p, q] = [ops.abs(a), ops.abs(b)];
  const large = ops.maximum(p, q);
  const isZero = ops.equal(large, c(ops, 0));
  const scale = ops.where(isZero, c(ops, 1), large);
  const [u, v] = [ops.divide(p, scale), ops.divide(q, scale)];
  return ops.multiply(
    large,
    ops.sqrt(ops.add(square(ops, u), square(ops, v))),
  );
}

/** `sin(π x) / (π x)`. */
function sinc<T>(ops: Ops<T>, x: T): T {
  const angle = ops.multiply(c(ops, Math.PI), x);
  const isZero = ops.equal(angle, c(ops, 0));
  const safe = ops.where(isZero, c(ops, 1), angle);
  return ops.where(isZero, c(ops, 1), ops.divide(ops.sin(safe), safe));
}

function cbrt<T>(ops: Ops<T>, x: T): T {
  const root = ops.power(ops.abs(ops.float(x)), c(ops, 1 / 3));
  // One step of Newton's method for the rounding of the exponent.
  const isZero = ops.equal(root, c(ops, 0));
  const safe = ops.where(isZero, c(ops, 1), root);
  const next = ops.divide(
    ops.add(
      ops.multiply(c(ops, 2), safe),
      ops.divide(ops.abs(x), square(ops, safe)),
    ),
    c(ops, 3),
  );
  return ops.multiply(ops.sign(x), ops.where(isZero, root, next));
}

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
  Logaddexp: logAddExp,
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
        ops.greater(x, args.tensor("threshold")),
        x,
        args.tensor("default_value"),
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
      const given = args.tensor("x");
      let x = given;
      if (args.has("x_min")) x = ops.maximum(x, args.tensor("x_min"));
      if (args.has("x_max")) x = ops.minimum(x, args.tensor("x_max"));
      const isWhole = ["x_min", "x_max"].every((key) =>
        !args.has(key) || Number.isInteger(args.raw(key))
      );
      return isWhole && ops.dtype(given) === "int32" ? ops.cast(x, "int32") : x;
    }),
    Cast: operation(["x", "dtype"], cast),
    SaturateCast: operation(["x", "dtype"], (ops, args) => {
      if (/^(b?float|bool)/.test(args.string("dtype"))) return cast(ops, args);
      return args.refuse("dtype", "be a float or bool");
    }),
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
      return ops.where(condition, args.tensor("x1"), args.tensor("x2"));
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
        args.refuseUnless("equal_nan", false);
        const [a, b] = [args.tensor("x1"), args.tensor("x2")];
        const bound = ops.add(
          args.has("atol") ? args.tensor("atol") : c(ops, 1e-8),
          ops.multiply(
            args.has("rtol") ? args.tensor("rtol") : c(ops, 1e-5),
            ops.abs(b),
          ),
        );
        const isNear = ops.greaterEqual(bound, ops.abs(ops.subtract(a, b)));
        return ops.logicalOr(
          ops.equal(a, b),
          ops.logicalAnd(isNear, isFinite(ops, b)),
        );
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
