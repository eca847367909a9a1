/**
 * Functions of one and two numbers that are not in {@linkcode Ops}.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { isInfinite, square } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** `(expm1(x) + expm1(x) / (expm1(x) + 1)) / 2`, accurate for small `x`. */
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

/** `log(x + √(x² − 1))`, for `x` ≥ 1. */
export function arccosh<T>(ops: Ops<T>, x: T): T {
  const t = ops.subtract(x, c(ops, 1));
  const inner = ops.add(ops.multiply(c(ops, 2), t), square(ops, t));
  return ops.log1p(ops.add(t, ops.sqrt(inner)));
}

/** `log((1 + x) / (1 − x)) / 2`, of `|x|`: `2x / (1 − x)` loses digits near −1. */
export function arctanh<T>(ops: Ops<T>, x: T): T {
  const size = ops.abs(x);
  const ratio = ops.divide(
    ops.multiply(c(ops, 2), size),
    ops.subtract(c(ops, 1), size),
  );
  return ops.multiply(
    ops.multiply(c(ops, 0.5), ops.sign(x)),
    ops.log1p(ratio),
  );
}

/** The angle of the point `(x, y)`, from −π to π. */
export function arctan2<T>(ops: Ops<T>, y: T, x: T): T {
  const [a, b] = [ops.float(y), ops.float(x)];
  const ratio = ops.divide(a, b);
  const isBoth = ops.logicalAnd(isInfinite(ops, a), isInfinite(ops, b));
  const base = ops.atan(
    ops.where(isBoth, ops.multiply(ops.sign(a), ops.sign(b)), ratio),
  );
  const isBelow = ops.greater(c(ops, 0), a);
  const halfTurn = ops.where(isBelow, c(ops, -Math.PI), c(ops, Math.PI));
  const isLeft = ops.greater(c(ops, 0), b);
  const quarter = ops.multiply(ops.sign(a), c(ops, Math.PI / 2));
  // Without the sign of a zero `b`.
  const angle = ops.where(
    ops.equal(b, c(ops, 0)),
    quarter,
    ops.where(isLeft, ops.add(base, halfTurn), base),
  );
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
export function logAddExp<T>(ops: Ops<T>, a: T, b: T): T {
  const distance = ops.abs(ops.subtract(a, b));
  const tail = ops.log1p(ops.exp(ops.negative(distance)));
  const sum = ops.add(ops.maximum(a, b), tail);
  // The difference of two equal infinities is NaN.
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

/** The larger of two values; NaN is ignored. */
export function withoutNaN(kind: "maximum" | "minimum") {
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

export function heaviside<T>(ops: Ops<T>, x: T, middle: T): T {
  const zero = c(ops, 0);
  const step = ops.where(ops.equal(x, zero), middle, zero);
  const value = ops.where(ops.greater(x, zero), c(ops, 1), step);
  return ops.where(ops.isNaN(x), ops.float(x), value);
}

export function hypot<T>(ops: Ops<T>, a: T, b: T): T {
  const [p, q] = [ops.abs(a), ops.abs(b)];
  const large = ops.maximum(p, q);
  const ratio = divideNoNan(ops, ops.minimum(p, q), large);
  return ops.multiply(
    large,
    ops.sqrt(ops.add(c(ops, 1), square(ops, ratio))),
  );
}

/** `sin(π x) / (π x)`. */
export function sinc<T>(ops: Ops<T>, x: T): T {
  const angle = ops.multiply(c(ops, Math.PI), x);
  const isZero = ops.equal(angle, c(ops, 0));
  const safe = ops.where(isZero, c(ops, 1), angle);
  return ops.where(isZero, c(ops, 1), ops.divide(ops.sin(safe), safe));
}

export function cbrt<T>(ops: Ops<T>, x: T): T {
  const root = ops.power(ops.abs(ops.float(x)), c(ops, 1 / 3));
  // One Newton step corrects the rounding of the exponent.
  const isFixed = ops.logicalOr(
    ops.equal(root, c(ops, 0)),
    isInfinite(ops, root),
  );
  const safe = ops.where(isFixed, c(ops, 1), root);
  const next = ops.divide(
    ops.add(
      ops.multiply(c(ops, 2), safe),
      ops.divide(ops.abs(x), square(ops, safe)),
    ),
    c(ops, 3),
  );
  return ops.multiply(ops.sign(x), ops.where(isFixed, root, next));
}
