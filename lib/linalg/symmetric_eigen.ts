/**
 * Eigenvalues and eigenvectors of symmetric matrices.
 *
 * Householder reflections make the matrix tridiagonal, implicit QL steps make
 * that diagonal, and the reflections take the vectors back.
 *
 * Source: Golub and Van Loan, "Matrix Computations", 4th edition, algorithms
 * 8.3.1 and 8.3.3. Vectors are kept as rows, so that all loops run over
 * neighbours in memory.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { WorkPacer } from "../types.ts";

/** Eigenvalues with their eigenvectors. */
export interface SymmetricEigen {
  /** `[n]`, descending. */
  readonly values: Float64Array;
  /** `[n, n]`: row `i` is the eigenvector of value `i`, of length 1. */
  readonly vectors: Float64Array;
}

/** QL steps that one eigenvalue may take; two suffice nearly always. */
const MOST_STEPS = 60;

/**
 * Decomposes a symmetric matrix.
 *
 * @param matrix `[n, n]`, of which the lower triangle is read; not changed.
 * @param side `n`.
 * @param pacer Stops it, and gives the thread back now and then.
 * @returns Eigenvalues and eigenvectors, the sign of a vector such that its
 * largest component is positive.
 * @throws {RangeError} If a number is not finite.
 */
export async function symmetricEigen(
  matrix: Float64Array,
  side: number,
  pacer?: WorkPacer,
): Promise<SymmetricEigen> {
  if (matrix.some((x) => !Number.isFinite(x))) {
    const rule = "all numbers of the matrix must be finite";
    throw new RangeError(cannot("decompose a matrix", rule, "NaN or infinity"));
  }
  const steps = decompose(matrix, side);
  if (pacer !== undefined) return await pacer.drive(steps);
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function* decompose(
  matrix: Float64Array,
  side: number,
): Generator<void, SymmetricEigen> {
  // Scaled, so that squares neither overflow nor vanish.
  const largest = matrix.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const scale = largest === 0 ? 1 : 2 ** Math.ceil(Math.log2(largest));
  const work = matrix.map((x) => x / scale); // [n, n]
  const { diagonal, beside, reflections, factors } = yield* tridiagonal(
    work,
    side,
  );
  const rows = new Float64Array(side * side); // [n, n]
  for (let i = 0; i < side; i++) rows[i * side + i] = 1;
  yield* diagonalise(diagonal, beside, rows, side);
  yield* reflectBack(rows, reflections, factors, side);
  return sorted(diagonal, rows, side, scale);
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** `[n]`, the last one 0. */
  readonly beside: Float64Array;
  /** Row `k` is the vector of reflection `k`, from component `k + 1` on. */
  readonly reflections: Float64Array;
  readonly factors: Float64Array;
}

/** `A → QᵀAQ`, tridiagonal; `A` is used up, and keeps the reflections. */
function* tridiagonal(
  a: Float64Array,
  side: number,
): Generator<void, Tridiagonal> {
  const diagonal = new Float64Array(side); // [n]
  const beside = new Float64Array(side); // [n]
  const factors = new Float64Array(side); // [n]
  const reflections = new Float64Array(side * side); // [n, n]
  const p = new Float64Array(side); // [n]
  for (let k = 0; k < side; k++) {
    diagonal[k] = a[k * side + k]!;
    if (k === side - 1) break;
    const v = reflections.subarray(k * side, (k + 1) * side); // [n]
    for (let i = k + 1; i < side; i++) v[i] = a[i * side + k]!;
    const { factor, norm } = householder(v, k + 1);
    beside[k] = norm;
    factors[k] = factor;
    if (factor === 0) continue;
    lowerTimes(a, v, p, k + 1, side);
    let dot = 0;
    for (let i = k + 1; i < side; i++) dot += p[i]! * v[i]!;
    const half = factor * factor * dot / 2;
    for (let i = k + 1; i < side; i++) p[i] = factor * p[i]! - half * v[i]!;
    for (let i = k + 1; i < side; i++) {
      const vi = v[i]!;
      const wi = p[i]!;
      const row = i * side;
      for (let j = k + 1; j <= i; j++) {
        a[row + j]! -= vi * p[j]! + wi * v[j]!;
      }
    }
    yield;
  }
  return { diagonal, beside, reflections, factors };
}

/** Makes `v` the vector of the reflection that leaves of it only its first component. */
function householder(
  v: Float64Array,
  start: number,
): { factor: number; norm: number } {
  let rest = 0;
  for (let i = start + 1; i < v.length; i++) rest += v[i]! * v[i]!;
  const first = v[start]!;
  if (rest === 0) return { factor: 0, norm: first };
  const length = Math.sqrt(first * first + rest);
  const norm = first > 0 ? -length : length;
  v[start] = first - norm;
  return { factor: 2 / (v[start]! ** 2 + rest), norm };
}

/** `p = A v` of the lower triangle of a symmetric matrix, from an index on. */
function lowerTimes(
  a: Float64Array,
  v: Float64Array,
  p: Float64Array,
  start: number,
  side: number,
): void {
  p.fill(0, start);
  for (let i = start; i < side; i++) {
    const row = i * side;
    const factor = v[i]!;
    let sum = 0;
    for (let j = start; j < i; j++) {
      const x = a[row + j]!;
      sum += x * v[j]!;
      p[j]! += x * factor;
    }
    p[i]! += sum + a[row + i]! * factor;
  }
}

/** Implicit QL steps; rotations are applied to rows. */
function* diagonalise(
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array,
  side: number,
): Generator<void, void> {
  for (let l = 0; l < side; l++) {
    for (let steps = 0;; steps++) {
      let m = l;
      for (; m < side - 1; m++) {
        const near = Math.abs(d[m]!) + Math.abs(d[m + 1]!);
        if (Math.abs(e[m]!) <= Number.EPSILON * near) break;
        if (Math.abs(e[m]!) < 1e-300) break;
      }
      if (m === l) break;
      if (steps === MOST_STEPS) {
        const rule = "QL steps must converge";
        throw new RangeError(cannot("decompose a matrix", rule, e[l]));
      }
      qlStep(d, e, l, m, rows, side);
      yield;
    }
  }
}

function qlStep(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  rows: Float64Array,
  side: number,
): void {
  const slope = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const length = Math.hypot(slope, 1);
  let g = d[m]! - d[l]! + e[l]! / (slope + (slope < 0 ? -length : length));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) { // it split in between
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotate(rows, i * side, side, s, c);
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

/** Rotates a row with the next one. */
function rotate(
  rows: Float64Array,
  at: number,
  side: number,
  s: number,
  c: number,
): void {
  for (let j = at; j < at + side; j++) {
    const low = rows[j]!;
    const high = rows[j + side]!;
    rows[j + side] = s * low + c * high;
    rows[j] = c * low - s * high;
  }
}

/** Applies the reflections to each row, the last one first. */
function* reflectBack(
  rows: Float64Array,
  reflections: Float64Array,
  factors: Float64Array,
  side: number,
): Generator<void, void> {
  for (let k = side - 2; k >= 0; k--) {
    const factor = factors[k]!;
    if (factor === 0) continue;
    const v = k * side;
    for (let at = 0; at < rows.length; at += side) {
      let dot = 0;
      for (let j = k + 1; j < side; j++) {
        dot += rows[at + j]! * reflections[v + j]!;
      }
      const by = factor * dot;
      for (let j = k + 1; j < side; j++) {
        rows[at + j]! -= by * reflections[v + j]!;
      }
    }
    yield;
  }
}

function sorted(
  diagonal: Float64Array,
  rows: Float64Array,
  side: number,
  scale: number,
): SymmetricEigen {
  const order = Array.from(diagonal.keys())
    .sort((a, b) => diagonal[b]! - diagonal[a]!);
  const values = Float64Array.from(order, (i) => diagonal[i]! * scale); // [n]
  const vectors = new Float64Array(side * side); // [n, n]
  order.forEach((from, to) => {
    const row = rows.subarray(from * side, (from + 1) * side);
    let largest = 0;
    for (const x of row) {
      // Equal but for rounding is equal, so that the first of them decides.
      if (Math.abs(x) > Math.abs(largest) * (1 + 1e-9)) largest = x;
    }
    const sign = largest < 0 ? -1 : 1;
    for (let j = 0; j < side; j++) vectors[to * side + j] = sign * row[j]!;
  });
  return { values, vectors };
}
