/**
 * Eigenvalues and eigenvectors of symmetric matrices.
 *
 * Householder reflections reduce the matrix to tridiagonal form, divide and
 * conquer decomposes that, and the reflections transform the vectors back; the
 * last two steps are matrix products. Vectors are stored as rows, so that loops
 * access contiguous memory.
 *
 * Source: Golub and Van Loan, "Matrix Computations", 4th edition.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { WorkPacer } from "../types.ts";
import { divideEigen, type Multiply } from "./_divide_eigen.ts";
import type { LinalgOptions } from "./native_graph.ts";
import { type Matrix, openMultiply, transposed } from "./products.ts";

/** Eigenvalues with their eigenvectors. */
export interface SymmetricEigen {
  /** `[n]`, descending. */
  readonly values: Float64Array;
  /** `[n, n]`: row `i` is the eigenvector of value `i`, of length 1. */
  readonly vectors: Float64Array;
}

/**
 * Decomposes a symmetric matrix.
 *
 * @param matrix `[n, n]`; only the lower triangle is read; not changed.
 * @param side `n`.
 * @param pacer Yields the thread at intervals, and aborts.
 * @param options Whether the runtime may be used.
 * @returns Eigenvalues and eigenvectors; the largest component of each vector
 * is positive.
 * @throws {RangeError} If a number is not finite.
 */
export async function symmetricEigen(
  matrix: Float64Array,
  side: number,
  pacer?: WorkPacer,
  options: LinalgOptions = {},
): Promise<SymmetricEigen> {
  if (matrix.some((x) => !Number.isFinite(x))) {
    const rule = "all numbers of the matrix must be finite";
    throw new RangeError(cannot("decompose a matrix", rule, "NaN or infinity"));
  }
  const drive: Work["drive"] = (steps) => pacer?.drive(steps) ?? atOnce(steps);
  const { multiply, close } = openMultiply({ ...options, pacer });
  try {
    return await decompose(matrix, side, { drive, multiply });
  } finally {
    await close();
  }
}

async function decompose(
  matrix: Float64Array,
  side: number,
  { drive, multiply }: Work,
): Promise<SymmetricEigen> {
  // Scaled, so that squares neither overflow nor underflow.
  const largest = matrix.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const scale = largest === 0 ? 1 : 2 ** Math.ceil(Math.log2(largest));
  const work = matrix.map((x) => x / scale); // [n, n]
  const { diagonal, beside, reflections, factors } = await drive(
    tridiagonal(work, side),
  );
  const { values, rows } = await divideEigen(diagonal, beside, multiply);
  const vectors = await reflected(rows, {
    reflections,
    factors,
    side,
    multiply,
  });
  return descending(values, vectors, side, scale);
}

/** How the work is run. */
interface Work {
  readonly drive: WorkPacer["drive"];
  readonly multiply: Multiply;
}

/** Runs steps without pauses. */
function atOnce<R>(steps: Generator<void, R>): Promise<R> {
  while (true) {
    const step = steps.next();
    if (step.done) return Promise.resolve(step.value);
  }
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** `[n]`, the last value 0. */
  readonly beside: Float64Array;
  /** Row `k` is the vector of reflection `k`, from component `k + 1` on. */
  readonly reflections: Float64Array;
  readonly factors: Float64Array;
}

/** `A → QᵀAQ`, tridiagonal; `A` is overwritten with the reflections. */
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
    subtractOuter(a, v, p, k + 1, side);
    yield;
  }
  return { diagonal, beside, reflections, factors };
}

/**
 * Replaces `v` by the vector of the reflection that maps it to a multiple of
 * the first unit vector.
 */
function householder(
  v: Float64Array,
  start: number,
): { factor: number; norm: number } {
  let rest = 0;
  for (let i = start + 1; i < v.length; i++) rest += v[i]! * v[i]!;
  const first = v[start]!;
  // The largest number of the matrix is about 1, so squares that underflow are
  // negligible.
  if (rest < VANISHING) return { factor: 0, norm: first };
  const length = Math.sqrt(first * first + rest);
  const norm = first > 0 ? -length : length;
  v[start] = first - norm;
  return { factor: 2 / (v[start]! ** 2 + rest), norm };
}

/**
 * `p = A v`, from the lower triangle of a symmetric matrix, from an index on.
 *
 * Four rows at once, so that `v` and `p` are read once for all four: of 2,048 rows,
 * the whole decomposition took 11.3 s instead of 13.6 s of processor time.
 */
function lowerTimes(
  a: Float64Array,
  v: Float64Array,
  p: Float64Array,
  start: number,
  side: number,
): void {
  p.fill(0, start);
  let i = start;
  for (; i + 4 <= side; i += 4) {
    const r0 = i * side;
    const r1 = r0 + side;
    const r2 = r1 + side;
    const r3 = r2 + side;
    const [v0, v1, v2, v3] = [v[i]!, v[i + 1]!, v[i + 2]!, v[i + 3]!];
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = start; j < i; j++) {
      const vj = v[j]!;
      const a0 = a[r0 + j]!;
      const a1 = a[r1 + j]!;
      const a2 = a[r2 + j]!;
      const a3 = a[r3 + j]!;
      s0 += a0 * vj;
      s1 += a1 * vj;
      s2 += a2 * vj;
      s3 += a3 * vj;
      p[j]! += (a0 * v0 + a1 * v1) + (a2 * v2 + a3 * v3);
    }
    p[i]! += s0;
    p[i + 1]! += s1;
    p[i + 2]! += s2;
    p[i + 3]! += s3;
    for (let row = i; row < i + 4; row++) rowTimes(a, v, p, i, row, side);
  }
  for (; i < side; i++) rowTimes(a, v, p, start, i, side);
}

/** Adds one row of the lower triangle, from a column, and its mirror image. */
function rowTimes(
  a: Float64Array,
  v: Float64Array,
  p: Float64Array,
  start: number,
  row: number,
  side: number,
): void {
  const from = row * side;
  const factor = v[row]!;
  let sum = 0;
  for (let j = start; j < row; j++) {
    const x = a[from + j]!;
    sum += x * v[j]!;
    p[j]! += x * factor;
  }
  p[row]! += sum + a[from + row]! * factor;
}

/**
 * `A -= v pᵀ + p vᵀ` in the lower triangle, from an index on, four rows at once.
 */
function subtractOuter(
  a: Float64Array,
  v: Float64Array,
  p: Float64Array,
  start: number,
  side: number,
): void {
  let i = start;
  for (; i + 4 <= side; i += 4) {
    const r0 = i * side;
    const r1 = r0 + side;
    const r2 = r1 + side;
    const r3 = r2 + side;
    const [v0, v1, v2, v3] = [v[i]!, v[i + 1]!, v[i + 2]!, v[i + 3]!];
    const [p0, p1, p2, p3] = [p[i]!, p[i + 1]!, p[i + 2]!, p[i + 3]!];
    // Up to the end of the last row: elements above the diagonal are not read.
    for (let j = start; j < i + 4; j++) {
      const vj = v[j]!;
      const pj = p[j]!;
      a[r0 + j]! -= v0 * pj + p0 * vj;
      a[r1 + j]! -= v1 * pj + p1 * vj;
      a[r2 + j]! -= v2 * pj + p2 * vj;
      a[r3 + j]! -= v3 * pj + p3 * vj;
    }
  }
  for (; i < side; i++) {
    const row = i * side;
    for (let j = start; j <= i; j++) {
      a[row + j]! -= v[i]! * p[j]! + p[i]! * v[j]!;
    }
  }
}

/** Sums of squares below this are negligible compared to numbers near 1. */
const VANISHING = 1e-120;
/** Number of reflections applied at once. */
const BLOCK = 128;

/**
 * Applies all reflections to rows, the last reflection first, by products:
 * their product is `1 - V T Vᵀ`, where the inverse of `T` is the upper triangle
 * of `VᵀV` with `1 / factor` on its diagonal.
 *
 * Source: Puglisi, "Modification of the Householder Method Based on the Compact
 * WY Representation", 1992.
 */
async function reflected(
  rows: Float64Array,
  { reflections, factors, side, multiply }: {
    readonly reflections: Float64Array;
    readonly factors: Float64Array;
    readonly side: number;
    readonly multiply: Multiply;
  },
): Promise<Float64Array> {
  const square = (data: Float64Array) => ({ data, rows: side, columns: side });
  const columns = square(transposed(reflections, side, side)); // [n, n], V
  const gram = await multiply(square(reflections), columns); // [n, n], VᵀV
  const solved = await multiply(square(rows), columns); // [n, n], rows · V
  for (let end = side; end > 0; end -= BLOCK) {
    const start = Math.max(0, end - BLOCK);
    const width = end - start;
    const part = new Float64Array(side * width); // [n, b]
    for (let i = 0; i < side; i++) {
      const from = i * side;
      part.set(solved.subarray(from + start, from + end), i * width);
    }
    part.set(
      await multiply(
        { data: part, rows: side, columns: width },
        inverseBlock(gram, factors, { side, start, end }),
      ),
    );
    for (let i = 0; i < side; i++) {
      const row = part.subarray(i * width, (i + 1) * width);
      solved.set(row, i * side + start);
    }
    if (start === 0) break;
    const mixed = new Float64Array(width * start); // [b, start]
    for (let b = 0; b < width; b++) {
      const from = (start + b) * side;
      mixed.set(gram.subarray(from, from + start), b * start);
    }
    const known = await multiply(
      { data: part, rows: side, columns: width },
      { data: mixed, rows: width, columns: start },
    ); // [n, start]
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < start; j++) {
        solved[i * side + j]! -= known[i * start + j]!;
      }
    }
  }
  const change = await multiply(square(solved), square(reflections));
  return rows.map((x, i) => x - change[i]!);
}

/**
 * The inverse of a triangular block, to multiply rows by: solves for some of the
 * unknowns of each row, in reverse order.
 */
function inverseBlock(
  gram: Float64Array,
  factors: Float64Array,
  { side, start, end }: {
    readonly side: number;
    readonly start: number;
    readonly end: number;
  },
): Matrix {
  const width = end - start;
  const inverse = new Float64Array(width * width); // [b, b]
  for (let i = 0; i < width; i++) {
    const row = inverse.subarray(i * width, (i + 1) * width);
    row[i] = factors[start + i]!;
    for (let j = i - 1; j >= 0; j--) {
      const line = (start + j) * side + start;
      let sum = 0;
      for (let l = j + 1; l <= i; l++) sum -= gram[line + l]! * row[l]!;
      row[j] = factors[start + j]! * sum;
    }
  }
  return { data: inverse, rows: width, columns: width };
}

/** Eigenvalues and vectors from the largest to the smallest. */
function descending(
  values: Float64Array,
  rows: Float64Array,
  side: number,
  scale: number,
): SymmetricEigen {
  const vectors = new Float64Array(side * side); // [n, n]
  for (let to = 0; to < side; to++) {
    const from = (side - 1 - to) * side;
    const row = rows.subarray(from, from + side);
    let largest = 0;
    for (const x of row) {
      // Values that are equal up to rounding count as equal; the first decides.
      if (Math.abs(x) > Math.abs(largest) * (1 + 1e-9)) largest = x;
    }
    const sign = largest < 0 ? -1 : 1;
    for (let j = 0; j < side; j++) vectors[to * side + j] = sign * row[j]!;
  }
  return { values: values.map((x) => x * scale).reverse(), vectors };
}
