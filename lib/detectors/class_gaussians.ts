/**
 * Class Gaussians with one shared covariance, for `mahalanobis`, `rmds` and
 * `mdsPlusPlus`.
 *
 * @module
 */
import { cannot, checkNumber, checkOptions } from "../check.ts";
import type {
  DetectorState,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import type { Moments } from "./moments.ts";
import { stateArray, stateMatrix } from "./rows.ts";

/**
 * Settings of detectors that use a covariance.
 *
 * @category Detectors
 */
export interface CovarianceOptions {
  /**
   * Eigenvalues of the covariance up to this fraction of the largest count as
   * 0, in `[0, 1)`: their directions are left out of distances.
   *
   * @default {ε · D, with the ε of float32, 2^-23}
   */
  readonly cutoff?: number;
}

/**
 * Checks settings of a covariance.
 *
 * @param options The options to check.
 * @param name The detector's name.
 * @returns The settings to save.
 */
export function checkCovariance(
  options: CovarianceOptions,
  name: string,
): { readonly cutoff?: number } {
  const action = `create ${name}()`;
  checkOptions(options, action, ["cutoff"]);
  const { cutoff } = options;
  if (cutoff === undefined) return {};
  return {
    cutoff: checkNumber(cutoff, action, "cutoff", { min: 0, below: 1 }),
  };
}

/**
 * Fits class Gaussians with one covariance.
 *
 * @param moments Means and scatter of the known samples.
 * @param options Cutoff, action, and pacer.
 * @returns `mean` `[D]`, `whitening` `[D, R]`, `means` `[C, R]` (whitened),
 * `classes` `[C]`.
 * @throws {RangeError} If there is no variance.
 */
export async function fitGaussians(
  moments: Moments,
  { cutoff, action, pacer }: {
    readonly cutoff?: number | undefined;
    readonly action: string;
    readonly pacer: ScoringContext["pacer"];
  },
): Promise<DetectorState> {
  const { within, samples, columns, classes, means, mean } = moments;
  const covariance = within.map((x) => x / samples); // [D, D]
  const { defaultCutoff, whitening } = await import(
    "../linalg/pseudo_inverse.ts"
  );
  const limit = cutoff ?? defaultCutoff(columns);
  const { factor, rank } = await whitening(covariance, columns, limit, pacer);
  if (rank === 0) {
    const rule = "features must differ within a class";
    const hint = "fit on more samples, or use a detector without a covariance";
    throw new RangeError(cannot(action, rule, "all are equal", hint));
  }
  const projection = { data: factor, rows: columns, columns: rank };
  const { centred, openProduct } = await import("../linalg/products.ts");
  const product = await openProduct(projection, { pacer });
  try {
    const all = { data: means, rows: classes.length, columns };
    const whitened = await product.times(centred(all, mean)); // [C, R]
    return {
      mean: stateArray(mean),
      whitening: stateArray(factor, [columns, rank]),
      means: stateArray(whitened, [classes.length, rank]),
      classes: stateArray(classes),
    };
  } finally {
    await product.close();
  }
}

/** Squared distances from the nearest class, and its index. */
export interface NearestClass {
  /** `[n]`. */
  readonly distances: Float64Array;
  /** Indices of the classes, `[n]`. */
  readonly indices: Int32Array;
}

/**
 * Prepares distances from classes.
 *
 * @param state The result of {@linkcode fitGaussians}.
 * @param context Pacer.
 * @returns A function of rows `[n, D]`, and one that frees the resources.
 */
export async function openGaussians(
  state: DetectorState,
  { pacer }: ScoringContext,
): Promise<{
  readonly nearest: (rows: SampleMatrix) => Promise<NearestClass>;
  readonly close: () => Promise<void>;
}> {
  const mean = state.mean!.data as Float64Array;
  const means = stateMatrix(state.means!); // [C, R]
  const { centred, openProduct } = await import("../linalg/products.ts");
  const product = await openProduct(stateMatrix(state.whitening!), { pacer });
  return {
    async nearest(rows) {
      const whitened = await product.times(centred(rows, mean)); // [n, R]
      const distances = new Float64Array(rows.rows); // [n]
      const indices = new Int32Array(rows.rows); // [n]
      const rank = means.columns;
      for (let row = 0; row < rows.rows; row++) {
        let [best, index] = [Infinity, 0];
        for (let c = 0; c < means.rows; c++) {
          const distance = distanceBelow(
            whitened.subarray(row * rank, (row + 1) * rank),
            means.data,
            c * rank,
            best,
          );
          if (distance < best) [best, index] = [distance, c];
        }
        distances[row] = best;
        indices[row] = index;
        if (row % 16 === 0) await pacer.rest();
      }
      return { distances, indices };
    },
    close: () => product.close(),
  };
}

/**
 * The squared distance, or any number above the limit if it exceeds the limit.
 */
function distanceBelow(
  a: Float64Array,
  b: Float64Array,
  from: number,
  limit: number,
): number {
  let sum = 0;
  for (let j = 0; j < a.length;) {
    const end = Math.min(a.length, j + 32);
    for (; j < end; j++) {
      const difference = a[j]! - b[from + j]!;
      sum += difference * difference;
    }
    if (sum >= limit) return sum;
  }
  return sum;
}
