/**
 * Eigenvectors of tridiagonal matrices by divide and conquer: the matrix is
 * split in two, each half is decomposed, and the halves are merged by a
 * rank-one correction. Nearly all of the work is one matrix product per merge.
 *
 * Source: Cuppen, "A Divide and Conquer Method for the Symmetric Tridiagonal
 * Eigenproblem", 1981; Gu and Eisenstat, "A Divide-and-Conquer Algorithm for the
 * Symmetric Tridiagonal Eigenproblem", 1995, whose vector makes the
 * eigenvectors orthogonal to rounding.
 *
 * @module
 */
import { qlEigen } from "./_ql_eigen.ts";
import { type Root, secularRoots } from "./_secular_roots.ts";
import type { Matrix } from "./products.ts";

/** Multiplies two matrices. */
export type Multiply = (left: Matrix, right: Matrix) => Promise<Float64Array>;

/** Up to this side, QL steps are used. */
const SMALL = 48;

/** Eigenvalues, ascending, and eigenvectors as rows. */
interface Decomposed {
  readonly values: Float64Array;
  readonly rows: Float64Array;
}

/**
 * Decomposes a tridiagonal matrix.
 *
 * @param diagonal The diagonal, `[n]`.
 * @param beside The off-diagonal, `[n]`, the last value 0.
 * @param multiply Multiplies matrices.
 * @returns Eigenvalues ascending, `[n]`, and eigenvectors as rows, `[n, n]`.
 */
export async function divideEigen(
  diagonal: Float64Array,
  beside: Float64Array,
  multiply: Multiply,
): Promise<Decomposed> {
  const side = diagonal.length;
  if (side <= SMALL) return small(diagonal, beside);
  const half = side >> 1;
  const coupling = beside[half - 1]!;
  const strength = Math.abs(coupling);
  const [upper, lower] = [diagonal.slice(0, half), diagonal.slice(half)];
  upper[half - 1]! -= strength;
  lower[0]! -= strength;
  const first = await divideEigen(
    upper,
    ended(beside.slice(0, half)),
    multiply,
  );
  const second = await divideEigen(lower, beside.slice(half), multiply);
  return await join(first, second, strength, coupling < 0 ? -1 : 1, multiply);
}

function ended(beside: Float64Array): Float64Array {
  beside[beside.length - 1] = 0;
  return beside;
}

function small(diagonal: Float64Array, beside: Float64Array): Decomposed {
  const side = diagonal.length;
  const values = diagonal.slice();
  const rows = new Float64Array(side * side); // [n, n]
  for (let i = 0; i < side; i++) rows[i * side + i] = 1;
  qlEigen(values, beside.slice(), rows, side);
  return inOrder(values, rows, side);
}

/** Sorts eigenvalues with their eigenvectors. */
function inOrder(
  values: Float64Array,
  rows: Float64Array,
  side: number,
): Decomposed {
  const order = Int32Array.from(values.keys())
    .sort((a, b) => values[a]! - values[b]!);
  const sorted = new Float64Array(rows.length); // [n, n]
  order.forEach((from, to) =>
    sorted.set(rows.subarray(from * side, (from + 1) * side), to * side)
  );
  return { values: Float64Array.from(order, (i) => values[i]!), rows: sorted };
}

/** The eigenvectors of both halves, as those of a block diagonal matrix. */
function blockDiagonal(first: Decomposed, second: Decomposed): Decomposed {
  const [m1, m2] = [first.values.length, second.values.length];
  const side = m1 + m2;
  const rows = new Float64Array(side * side); // [n, n]
  for (let i = 0; i < m1; i++) {
    rows.set(first.rows.subarray(i * m1, (i + 1) * m1), i * side);
  }
  for (let i = 0; i < m2; i++) {
    const row = second.rows.subarray(i * m2, (i + 1) * m2);
    rows.set(row, (m1 + i) * side + m1);
  }
  const values = new Float64Array(side); // [n]
  values.set(first.values);
  values.set(second.values, m1);
  return inOrder(values, rows, side);
}

/** Eigenvectors of `diag(values) + strength · u uᵀ`, from those of the halves. */
async function join(
  first: Decomposed,
  second: Decomposed,
  strength: number,
  sign: number,
  multiply: Multiply,
): Promise<Decomposed> {
  const m1 = first.values.length;
  const side = m1 + second.values.length;
  const { values: d, rows } = blockDiagonal(first, second);
  // The components of u along the eigenvectors; u has two nonzero entries, next to
  // the split.
  const z = Float64Array.from(
    d,
    (_, i) =>
      (rows[i * side + m1 - 1]! + sign * rows[i * side + m1]!) * Math.SQRT1_2,
  );
  const { kept, left } = deflate(d, z, rows, 2 * strength);
  if (kept.length === 0) return inOrder(d, rows, side);
  const poles = Float64Array.from(kept, (i) => d[i]!);
  const weights = Float64Array.from(kept, (i) => z[i]!);
  const roots = secularRoots(poles, weights, 2 * strength);
  const vectors = vectorsOf(poles, weights, roots);
  const count = kept.length;
  const old = new Float64Array(count * side); // [k, n]
  kept.forEach((from, to) =>
    old.set(rows.subarray(from * side, (from + 1) * side), to * side)
  );
  const joined = await multiply(
    { data: vectors, rows: count, columns: count },
    { data: old, rows: count, columns: side },
  ); // [k, n]
  const found = new Float64Array(side); // [n]
  const result = new Float64Array(side * side); // [n, n]
  result.set(joined);
  roots.forEach(({ pole, offset }, i) => found[i] = poles[pole]! + offset);
  left.forEach((from, i) => {
    const row = rows.subarray(from * side, (from + 1) * side);
    result.set(row, (count + i) * side);
    found[count + i] = d[from]!;
  });
  return inOrder(found, result, side);
}

/**
 * Deflation: removes eigenvectors that the correction does not change, and, of
 * two nearly equal eigenvalues, one after a rotation.
 */
function deflate(
  d: Float64Array,
  z: Float64Array,
  rows: Float64Array,
  strength: number,
): { kept: number[]; left: number[] } {
  const side = d.length;
  const largest = Math.max(Math.abs(d[0]!), Math.abs(d[side - 1]!), strength);
  const tolerance = 8 * Number.EPSILON * largest;
  const kept: number[] = [];
  const left: number[] = [];
  for (let i = 0; i < side; i++) {
    if (strength * Math.abs(z[i]!) <= tolerance) {
      left.push(i);
      continue;
    }
    const before = kept.at(-1);
    if (before !== undefined) {
      const length = Math.hypot(z[before]!, z[i]!);
      const c = z[i]! / length;
      const s = -z[before]! / length;
      const gap = d[i]! - d[before]!;
      if (Math.abs(gap * c * s) <= tolerance) {
        z[i] = length;
        z[before] = 0;
        rotateRows(rows, before * side, i * side, side, c, s);
        const [low, high] = [d[before]!, d[i]!];
        d[before] = low * c * c + high * s * s;
        d[i] = low * s * s + high * c * c;
        kept.pop();
        left.push(before);
      }
    }
    kept.push(i);
  }
  return { kept, left };
}

function rotateRows(
  rows: Float64Array,
  first: number,
  second: number,
  side: number,
  c: number,
  s: number,
): void {
  for (let j = 0; j < side; j++) {
    const x = rows[first + j]!;
    const y = rows[second + j]!;
    rows[first + j] = c * x + s * y;
    rows[second + j] = c * y - s * x;
  }
}

/** Eigenvectors as rows, for the vector `u` for which the roots are exact. */
function vectorsOf(
  poles: Float64Array,
  weights: Float64Array,
  roots: readonly Root[],
): Float64Array {
  const count = poles.length;
  const exact = new Float64Array(count); // [k]
  for (let j = 0; j < count; j++) {
    // Root `i` lies above pole `i`, and below the next.
    let product = distance(poles, roots[count - 1]!, j);
    for (let i = 0; i < count - 1; i++) {
      const other = i < j ? i : i + 1;
      product *= distance(poles, roots[i]!, j) / (poles[other]! - poles[j]!);
    }
    const size = Math.sqrt(Math.abs(product));
    exact[j] = weights[j]! < 0 ? -size : size;
  }
  const vectors = new Float64Array(count * count); // [k, k]
  for (let i = 0; i < count; i++) {
    const from = i * count;
    const root = roots[i]!;
    let length = 0;
    for (let j = 0; j < count; j++) {
      const part = exact[j]! / distance(poles, root, j);
      vectors[from + j] = part;
      length += part * part;
    }
    const scale = 1 / Math.sqrt(length);
    for (let j = from; j < from + count; j++) vectors[j]! *= scale;
  }
  return vectors;
}

/** Root minus pole, without cancellation. */
function distance(poles: Float64Array, root: Root, j: number): number {
  return (poles[root.pole]! - poles[j]!) + root.offset;
}
