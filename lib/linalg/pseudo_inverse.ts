/**
 * Pseudo-inverses of covariances, as the factor that makes them the identity.
 *
 * @module
 */
import type { WorkPacer } from "../types.ts";
import { type SymmetricEigen, symmetricEigen } from "./symmetric_eigen.ts";

/** `W` with `W Wᵀ` the pseudo-inverse of a matrix. */
export interface Whitening {
  /** `W`, `[D, R]`. */
  readonly factor: Float64Array;
  /** `R`: how many eigenvalues are above the cutoff. */
  readonly rank: number;
  /** The eigenvalues above the cutoff, descending. */
  readonly values: Float64Array;
}

/**
 * The relative cutoff below which eigenvalues count as 0, unless one is set:
 * that of NumPy's `matrix_rank` for the samples that a covariance comes from.
 *
 * @param samples `N`.
 * @param side `D`.
 * @returns `ε · max(N, D)`.
 */
export function defaultCutoff(samples: number, side: number): number {
  return Number.EPSILON * Math.max(samples, side);
}

/**
 * Factors the pseudo-inverse of a positive semidefinite matrix.
 *
 * @param matrix `[D, D]`, symmetric.
 * @param side `D`.
 * @param cutoff Eigenvalues of at most this share of the largest count as 0.
 * @param pacer Stops it, and gives the thread back now and then.
 * @returns The factor; of rank 0 for a matrix of zeros.
 */
export async function whitening(
  matrix: Float64Array,
  side: number,
  cutoff: number,
  pacer?: WorkPacer,
): Promise<Whitening> {
  return whiteningOf(await symmetricEigen(matrix, side, pacer), cutoff);
}

/**
 * Factors the pseudo-inverse of a matrix that is decomposed.
 *
 * @param eigen Its eigenvalues and eigenvectors.
 * @param cutoff Eigenvalues of at most this share of the largest count as 0.
 * @returns The factor.
 */
export function whiteningOf(
  { values, vectors }: SymmetricEigen,
  cutoff: number,
): Whitening {
  const side = values.length;
  const least = cutoff * Math.max(0, values[0] ?? 0);
  const above = values.findIndex((value) => !(value > least));
  const rank = above < 0 ? side : above;
  const factor = new Float64Array(side * rank); // [D, R]
  for (let r = 0; r < rank; r++) {
    const by = 1 / Math.sqrt(values[r]!);
    for (let i = 0; i < side; i++) {
      factor[i * rank + r] = by * vectors[r * side + i]!;
    }
  }
  return { factor, rank, values: values.slice(0, rank) };
}
