/**
 * The roots of `1 + ρ Σ z_j² / (d_j - x)`, the eigenvalues after a correction
 * of rank one.
 *
 * @module
 */

/**
 * A root, as an offset from a pole, so that differences to other poles keep
 * their precision.
 */
export interface Root {
  /** The index of the nearest pole. */
  readonly pole: number;
  /** The root minus that pole, not 0. */
  readonly offset: number;
}

/** Maximum number of steps per root; ten are nearly always enough. */
const MOST_STEPS = 200;

/**
 * Finds all roots.
 *
 * Source: Li, "Solving Secular Equations Stably and Efficiently", LAPACK
 * Working Note 89, 1993: the sums left and right of a root are each replaced by
 * one pole of the same value and slope; bisection safeguards every step.
 *
 * @param poles `d`, ascending, all different.
 * @param weights `z`, none 0.
 * @param strength `ρ`, above 0.
 * @returns One root above each pole.
 */
export function secularRoots(
  poles: Float64Array,
  weights: Float64Array,
  strength: number,
): Root[] {
  const squares = weights.map((z) => strength * z * z); // [k]
  const total = squares.reduce((sum, x) => sum + x, 0);
  return Array.from(poles, (_, i) => rootAbove(poles, squares, total, i));
}

function rootAbove(
  poles: Float64Array,
  squares: Float64Array,
  total: number,
  index: number,
): Root {
  const count = poles.length;
  const isLast = index === count - 1;
  const gap = isLast ? total : poles[index + 1]! - poles[index]!;
  // The sign at the midpoint tells which of the two poles is nearer.
  const isLeft = isLast ||
    valueAt(poles, squares, index, gap / 2, index).value >= 0;
  const pole = isLeft ? index : index + 1;
  let low = isLeft ? 0 : -gap / 2;
  let high = isLast ? gap : isLeft ? gap / 2 : 0;
  let x = isLeft ? high / 2 : low / 2;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { value, below, above, size } = valueAt(
      poles,
      squares,
      pole,
      x,
      index,
    );
    if (Math.abs(value) <= Number.EPSILON * size) break;
    if (value < 0) low = x;
    else high = x;
    const left = poles[index]! - poles[pole]! - x;
    const right = isLast ? Infinity : poles[index + 1]! - poles[pole]! - x;
    const next = x + stepTo(value, below, above, left, right);
    const last = x;
    x = next > low && next < high ? next : middle(low, high);
    if (x === last || x === low || x === high) break;
  }
  return { pole, offset: x };
}

/** The midpoint; the geometric mean if one end is far smaller. */
function middle(low: number, high: number): number {
  if (low >= 0 && high > 4 * low) {
    return low > 0 ? Math.sqrt(low) * Math.sqrt(high) : high / 1024;
  }
  if (high <= 0 && low < 4 * high) {
    return high < 0 ? -Math.sqrt(-low) * Math.sqrt(-high) : low / 1024;
  }
  return low + (high - low) / 2;
}

interface Value {
  readonly value: number;
  /** The slopes of the sums over the poles below and above the root. */
  readonly below: number;
  readonly above: number;
  /** The scale of the rounding errors. */
  readonly size: number;
}

/** The function and its slopes at an offset from a pole. */
function valueAt(
  poles: Float64Array,
  squares: Float64Array,
  pole: number,
  x: number,
  index: number,
): Value {
  const origin = poles[pole]!;
  let sum = 0;
  let size = 1;
  let below = 0;
  for (let j = 0; j <= index; j++) {
    const inverse = 1 / (poles[j]! - origin - x);
    const term = squares[j]! * inverse;
    sum += term;
    size -= term;
    below += term * inverse;
  }
  let above = 0;
  for (let j = index + 1; j < poles.length; j++) {
    const inverse = 1 / (poles[j]! - origin - x);
    const term = squares[j]! * inverse;
    sum += term;
    size += term;
    above += term * inverse;
  }
  const slope = below + above;
  return { value: 1 + sum, below, above, size: 8 * size + Math.abs(x) * slope };
}

/**
 * The step to the root of `c + s / (left - t) + S / (right - t)`, whose terms
 * have the values and slopes of the two sums at `t = 0`.
 */
function stepTo(
  value: number,
  below: number,
  above: number,
  left: number,
  right: number,
): number {
  if (right === Infinity) {
    // value = c + s / left: one pole only.
    const s = below * left * left;
    const c = value - s / left;
    return left + s / c;
  }
  const s = below * left * left;
  const t = above * right * right;
  const c = value - s / left - t / right;
  // c (left - x)(right - x) + s (right - x) + t (left - x) = 0
  const a = c;
  const b = -(c * (left + right) + s + t);
  const d = c * left * right + s * right + t * left;
  const root = Math.sqrt(Math.max(0, b * b - 4 * a * d));
  const q = -(b + (b < 0 ? -root : root)) / 2;
  // The smaller step of the two: x = 0 is in between the poles already.
  const [first, second] = [q / a, d / q];
  return Math.abs(second) < Math.abs(first) || !Number.isFinite(first)
    ? second
    : first;
}
