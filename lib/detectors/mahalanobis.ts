import type { Detector } from "../types.ts";
import {
  checkCovariance,
  type CovarianceOptions,
  fitGaussians,
  openGaussians,
} from "./class_gaussians.ts";
import { defineDetector } from "./define_detector.ts";

/**
 * Mahalanobis distance: `min_c (z - µ_c)ᵀ Σ⁺ (z - µ_c)`, the squared distance
 * of a feature from the nearest class mean, in units of the spread within the
 * classes.
 *
 * `µ_c` are the means by true label, `Σ` the covariance of all samples around
 * the mean of their class, divided by `N`; `Σ⁺` is its pseudo-inverse, so that
 * singular covariances (units that are always 0, fewer samples than units)
 * work. Performs well for inputs that are far from all classes; badly if
 * classes have different covariances, and for near-distribution inputs.
 *
 * Source: Lee et al., "A Simple Unified Framework for Detecting
 * Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018,
 * https://arxiv.org/abs/1807.03888. The same as in the code of `haoqiwang/vim`
 * (`benchmark.py`). oodeel gives half of this, and cuts eigenvalues off at `10
 * · D` float32 epsilons; pytorch-ood (`detector/mahalanobis.py`) gives half, of
 * a scatter that is not divided by `N`, with 1e-6 on its diagonal; OpenOOD
 * (`openood/postprocessors/mds_tools.py`) sums several layers, weighted by a
 * regression on unknown samples. The perturbation of the paper is the
 * extractor's `perturb`.
 *
 * @category Detectors
 * @param options The cutoff of the pseudo-inverse.
 * @returns A detector of one layer, `[N, D]`, whose fit needs labels; scores have no unit.
 * @throws {RangeError} If `cutoff` is not in `[0, 1)`.
 *
 * @example Two classes, and a sample that is far from both
 * ```ts
 * import { featureSet, mahalanobis } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const features = [matrix(0, 0, 1, 0, 0, 1, 1, 2, 4, 4, 5, 4, 4, 5, 6, 6)];
 * const known = featureSet({ features, labels: [0, 0, 0, 0, 1, 1, 1, 1] });
 * const scorer = await mahalanobis().fit(known);
 * const query = featureSet({ features: [matrix(0.5, 0.5, 10, -10)] });
 * const [near, far] = await scorer.score(query);
 * assert.ok(near! < 1 && far! > 100);
 * ```
 */
export function mahalanobis(options: CovarianceOptions = {}): Detector {
  const settings = checkCovariance(options, "mahalanobis");
  return defineDetector({
    name: "mahalanobis",
    settings,
    uses: { features: "layer", labels: true },
    async fit(known) {
      const { measureMoments } = await import("./moments.ts");
      const moments = await measureMoments(known, {
        classOf: ({ labels }) => labels,
      });
      return await fitGaussians(moments, { ...settings, ...known });
    },
    async open(state, context) {
      const { nearest, close } = await openGaussians(state, context);
      const classes = state.classes!.data as Int32Array;
      return {
        score: async ({ features }) => (await nearest(features)).distances,
        async explain({ features }) {
          const { indices } = await nearest(features);
          return { class: classes[indices[0]!]! };
        },
        close,
      };
    },
  });
}
