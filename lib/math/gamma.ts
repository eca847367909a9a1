/**
 * The incomplete gamma function, for chi-squared probabilities.
 *
 * @module
 */

/** Coefficients of Lanczos' approximation, g = 7, n = 9. */
const LANCZOS = [
  ...[0.99999999999980993, 676.5203681218851, -1259.1392167224028],
  ...[771.32342877765313, -176.61502916214059, 12.507343278686905],
  ...[-0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7],
];

/**
 * `log Γ(x)`.
 *
 * Source: Lanczos, "A Precision Approximation of the Gamma Function", 1964.
 *
 * @param x A number > 0.
 * @returns The logarithm, to about 1e-14 relative to the larger of it and 1.
 */
export function logGamma(x: number): number {
  if (x < 0.5) {
    return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  }
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t +
    Math.log(sum);
}

/**
 * `-log Q(a, x)`, where `Q` is the regularised upper incomplete gamma function:
 * the probability that a gamma variable of shape `a` is above `x`. Exact in both
 * tails: it does not saturate where `Q` vanishes.
 *
 * Source: Press et al., "Numerical Recipes": a series below `a + 1`, a continued
 * fraction above.
 *
 * @param a The shape, > 0.
 * @param x A number >= 0.
 * @returns The negative logarithm, at least 0.
 */
export function negativeLogUpperGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = -x + a * Math.log(x) - logGamma(a);
  if (x < a + 1) {
    return -Math.log1p(-Math.min(1, Math.exp(front) * lowerSeries(a, x)));
  }
  return -(front + Math.log(upperFraction(a, x)));
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * Number.EPSILON / 2; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** Lentz' method. */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = numerator * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + numerator / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < Number.EPSILON) break;
  }
  return h;
}
