import { checkOneOf, checkOptions } from "../check.ts";
import type { openProduct } from "../linalg/products.ts";
import { logSumExp } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type { BlockScorer, DetectorState, SampleBlock } from "./definition.ts";
import type { ClassGaussians } from "./_class_covariances.ts";
import { rowChunks } from "./_matrices.ts";
import { argmax, scoreRows, stateArray } from "./rows.ts";

/**
 * Options of {@linkcode gmm}.
 *
 * @category Detectors
 */
export interface GmmOptions {
  /**
   * `"full"`: one covariance for each class; `"tied"`: one for all classes;
   * `"diag"`: the variances of each class.
   *
   * @default {"full"}
   */
  readonly covariance?: "full" | "tied" | "diag";
}

/** Number of coordinates computed at once: 32 MB. */
const CHUNK_SIZE = 2 ** 22;

/**
 * Gaussian mixture: `-log Σ_k π_k N(z; µ_k, Σ_k)`, one Gaussian for each class.
 *
 * `π_k` is the fraction of the samples of the fit that are of class `k`;
 * covariances are divided by their number of samples. For a singular covariance,
 * the pseudo-inverse and the pseudo-determinant are used:
 * `-½ (d² + Σ log λ + R log 2π)` over the `R` eigenvalues `λ` (with `"diag"`: the
 * variances) above `ε · D` of the largest of the class, with the `ε` of float32.
 * Performs badly if a class has fewer samples than dimensions: deviations outside
 * the span of the class do not count, and densities of different ranks are
 * compared. Use `"tied"` or `"diag"` then.
 *
 * Source: Gaussian discriminant analysis, a classical model. pytorch-ood
 * (`detector/gmm.py`) adds 1e-6 to the diagonals instead, so that its scores
 * differ if a covariance is singular.
 *
 * @category Detectors
 * @param options The covariances.
 * @returns A detector that fits on features `[N, D]` with labels, and scores
 * features to negative logarithms of the density, in nats.
 * @throws {RangeError} If `covariance` is none of these. The fit throws it for a
 * class of one sample or of equal samples; with `"tied"`, only if all classes are
 * such classes.
 *
 * @example A sample between two classes, and one in a class
 * ```ts
 * import { featureSet, gmm } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     features: [{ data: Float32Array.from(data), shape: [data.length, 1], dtype: "float32" }],
 *     labels: Int32Array.from(data, (x) => x < 0 ? 0 : 1),
 *   });
 * const scorer = await gmm().fit(set(-6, -5, -4, 4, 5, 6));
 * const [between, on] = await scorer.score(set(0, 5));
 * assert.ok(between! > on!);
 * ```
 */
export function gmm(options: GmmOptions = {}): Detector {
  const action = "create gmm()";
  checkOptions(options, action, ["covariance"]);
  const kinds = ["full", "tied", "diag"] as const;
  const covariance = checkOneOf(
    options.covariance ?? "full",
    action,
    "covariance",
    kinds,
  );
  return defineDetector({
    name: "gmm",
    settings: { covariance },
    uses: { features: "layer", labels: true },
    async fit(known): Promise<DetectorState> {
      const { fitClassGaussians } = await import("./_class_covariances.ts");
      const fitted = await fitClassGaussians(known, covariance);
      const { classes, columns, width } = fitted;
      const count = classes.length;
      return {
        classes: stateArray(classes),
        mean: stateArray(fitted.mean),
        constants: stateArray(fitted.constants),
        centres: stateArray(fitted.centres, [count, width]),
        factors: stateArray(fitted.factors, [columns, fitted.factorColumns]),
      };
    },
    open: async (state, { pacer }) => {
      const gaussians = restored(state);
      return covariance === "diag"
        ? scorerOf(gaussians, (block) => diagonalTerms(block, gaussians))
        : await productScorer(gaussians, { pacer });
    },
  });
}

function restored(state: DetectorState): ClassGaussians {
  const { classes, mean, constants, centres, factors } = state;
  const [columns, factorColumns] = factors!.shape as [number, number];
  return {
    classes: classes!.data as Int32Array,
    columns,
    width: centres!.shape[1]!,
    factorColumns,
    mean: mean!.data as Float64Array,
    constants: constants!.data as Float64Array,
    centres: centres!.data as Float64Array,
    factors: factors!.data as Float64Array,
  };
}

/** `log π_k N(z; …)` of each row and class, `[n, K]`. */
type Terms = (block: SampleBlock) => Float64Array | Promise<Float64Array>;

function scorerOf({ classes }: ClassGaussians, terms: Terms): BlockScorer {
  const count = classes.length;
  return {
    async score(block) {
      const logs = await terms(block);
      return scoreRows(
        block.rows,
        (row) => -logSumExp(logs, row * count, count),
      );
    },
    async explain(block) {
      const data = await terms(block);
      const [best] = argmax({ data, rows: 1, columns: count });
      return { class: classes[best!]! };
    },
  };
}

/**
 * Distances by one product with all factors side by side: `(z - µ)W_k` minus
 * `(µ_k - µ)W_k`.
 */
async function productScorer(
  gaussians: ClassGaussians,
  options: Parameters<typeof openProduct>[1],
): Promise<BlockScorer> {
  const { classes, columns, width, factorColumns, mean } = gaussians;
  const { centred, openProduct } = await import("../linalg/products.ts");
  const product = await openProduct(
    { data: gaussians.factors, rows: columns, columns: factorColumns },
    options,
  );
  // Tied covariances share one factor, so all classes begin at its column 0.
  const step = factorColumns === width ? 0 : width;
  const terms = async ({ features }: SampleBlock) => {
    const count = classes.length;
    const logs = new Float64Array(features.rows * count); // [n, K]
    const most = Math.max(1, Math.floor(CHUNK_SIZE / factorColumns));
    for (const { rows, start } of rowChunks(features, most)) {
      const coordinates = await product.times(centred(rows, mean));
      for (let row = 0; row < rows.rows; row++) {
        for (let k = 0; k < count; k++) {
          const from = row * factorColumns + k * step;
          logs[(start + row) * count + k] = gaussians.constants[k]! -
            squaredDistance(
                coordinates,
                from,
                gaussians.centres,
                k * width,
                width,
              ) /
              2;
        }
      }
    }
    return logs;
  };
  return { ...scorerOf(gaussians, terms), close: () => product.close() };
}

/** The factor of a class is one over the standard deviation of each column. */
function diagonalTerms(
  { features: { data, rows, columns } }: SampleBlock,
  { classes, constants, centres, factors }: ClassGaussians,
): Float64Array {
  const count = classes.length;
  const logs = new Float64Array(rows * count); // [n, K]
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < count; k++) {
      let squared = 0;
      for (let j = 0; j < columns; j++) {
        const off = data[row * columns + j]! - centres[k * columns + j]!;
        squared += (off * factors[j * count + k]!) ** 2;
      }
      logs[row * count + k] = constants[k]! - squared / 2;
    }
  }
  return logs;
}

function squaredDistance(
  a: Float64Array,
  from: number,
  b: Float64Array,
  start: number,
  count: number,
): number {
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const off = a[from + j]! - b[start + j]!;
    sum += off * off;
  }
  return sum;
}
