/**
 * Eigenvectors of small tridiagonal matrices.
 *
 * Source: the symmetric QR algorithm in Golub and Van Loan, "Matrix Computations",
 * 4th edition, in its QL form.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Maximum number of QL steps per eigenvalue; two are nearly always enough. */
const MOST_STEPS = 60;

/**
 * Decomposes a small tridiagonal matrix by implicit QL steps.
 *
 * @param d The diagonal, `[n]`; afterwards the eigenvalues, unsorted.
 * @param e The off-diagonal, `[n]`, the last value 0; overwritten.
 * @param rows `[n, n]`, the identity; afterwards the eigenvectors as rows.
 * @param side `n`.
 */
export function qlEigen(
  d: Float64Array,
  e: Float64Array,
  rows: Float64Array,
  side: number,
): void {
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
    if (r === 0) { // the matrix splits here
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
