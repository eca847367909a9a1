/**
 * Inverses of the error function, and modified Bessel functions.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** A polynomial by Horner's rule; the first coefficient is of the highest power. */
function polynomial<T>(
  ops: Ops<T>,
  x: T,
  [first, ...rest]: readonly number[],
): T {
  return rest.reduce(
    (sum, value) => ops.add(ops.multiply(sum, x), c(ops, value)),
    c(ops, first!),
  );
}

// Giles, "Approximating the erfinv function", 2010, single precision.
const NEAR = [
  ...[2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06],
  ...[0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941],
];
const FAR = [
  ...[-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844],
  ...[0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682],
];

/** The inverse of the error function: ±∞ at ±1, NaN beyond. */
export function inverseErf<T>(ops: Ops<T>, x: T): T {
  const size = ops.abs(x);
  // 1 − x² would lose the digits of 1 − |x|.
  const w = ops.negative(
    ops.add(ops.log1p(ops.negative(size)), ops.log1p(size)),
  );
  const root = ops.sqrt(ops.maximum(w, c(ops, 5)));
  const near = polynomial(ops, ops.subtract(w, c(ops, 2.5)), NEAR);
  const far = polynomial(ops, ops.subtract(root, c(ops, 3)), FAR);
  const value = ops.multiply(
    x,
    ops.where(ops.greater(c(ops, 5), w), near, far),
  );
  const isEnd = ops.equal(size, c(ops, 1));
  return ops.where(isEnd, ops.divide(x, c(ops, 0)), value);
}

// Abramowitz and Stegun, 9.8.1 to 9.8.4.
const I0_NEAR = [
  ...[0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1],
];
const I0_FAR = [
  ...[0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281],
  ...[-0.00157565, 0.00225319, 0.01328592, 0.39894228],
];
const I1_NEAR = [
  ...[0.00032411, 0.00301532, 0.02658733, 0.15084934, 0.51498869],
  ...[0.87890594, 0.5],
];
const I1_FAR = [
  ...[-0.00420059, 0.01787654, -0.02895312, 0.02282967, -0.01031555],
  ...[0.00163801, -0.00362018, -0.03988024, 0.39894228],
];

/** The modified Bessel function of order 0 or 1; times `exp(−|x|)` if scaled. */
export function bessel<T>(
  ops: Ops<T>,
  x: T,
  order: 0 | 1,
  isScaled = false,
): T {
  const size = ops.abs(x);
  const bound = c(ops, 3.75);
  const ratio = ops.divide(ops.minimum(size, bound), bound);
  const square = ops.multiply(ratio, ratio);
  const inverse = ops.divide(bound, ops.maximum(size, bound));
  const near = polynomial(ops, square, order === 0 ? I0_NEAR : I1_NEAR);
  const far = ops.divide(
    polynomial(ops, inverse, order === 0 ? I0_FAR : I1_FAR),
    ops.sqrt(ops.maximum(size, bound)),
  );
  const scale = ops.exp(isScaled ? ops.negative(size) : size);
  const value = ops.where(
    ops.greater(bound, size),
    isScaled ? ops.multiply(near, scale) : near,
    isScaled ? far : ops.multiply(far, scale),
  );
  if (order === 0) return value;
  // Below the bound the polynomial is that of I₁(x) / x.
  const signed = ops.where(
    ops.greater(bound, size),
    ops.multiply(size, value),
    value,
  );
  return ops.multiply(ops.sign(x), signed);
}
