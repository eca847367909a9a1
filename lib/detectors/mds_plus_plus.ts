import type { Detector } from "../types.ts";
import {
  checkCovariance,
  type CovarianceOptions,
  fitGaussians,
  openGaussians,
} from "./class_gaussians.ts";
import { defineDetector } from "./define_detector.ts";
import { normalised } from "./rows.ts";

/**
 * Mahalanobis++: {@linkcode mahalanobis} on features normalised to length 1.
 *
 * The length of a feature varies much between samples of one class, which is
 * not Gaussian; without it, classes are closer to Gaussian. Performs badly if
 * the length identifies unknown samples. A zero feature stays zero.
 *
 * Source: Müller and Hein, "Mahalanobis++: Improving OOD Detection via Feature
 * Normalization", ICML 2025, https://arxiv.org/abs/2505.18032. The same as the
 * authors' code, `evaluate_Mahalanobis_norm` in `NINCO/detection_methods.py` of
 * `mueller-mp/maha-norm`; a row of zeros is NaN there.
 *
 * @category Detectors
 * @param options The cutoff of the pseudo-inverse.
 * @returns A detector of one layer, `[N, D]`, whose fit needs labels; scores have no unit.
 * @throws {RangeError} If `cutoff` is not in `[0, 1)`.
 *
 * @example Two classes, and a sample in a new direction
 * ```ts
 * import { featureSet, mdsPlusPlus } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const features = [matrix(4, 1, 9, 2, 8, 3, 1, 4, 2, 9, 3, 8)];
 * const known = featureSet({ features, labels: [0, 0, 0, 1, 1, 1] });
 * const scorer = await mdsPlusPlus().fit(known);
 * const query = featureSet({ features: [matrix(40, 10, -4, 1)] });
 * const [near, far] = await scorer.score(query);
 * assert.ok(near! < far!);
 * ```
 */
export function mdsPlusPlus(options: CovarianceOptions = {}): Detector {
  const settings = checkCovariance(options, "mdsPlusPlus");
  return defineDetector({
    name: "mdsPlusPlus",
    settings,
    uses: { features: "layer", labels: true },
    async fit(known) {
      const { measureMoments } = await import("./moments.ts");
      const moments = await measureMoments(known, {
        classOf: ({ labels }) => labels,
        rowsOf: ({ features }) => normalised(features),
      });
      return await fitGaussians(moments, { ...settings, ...known });
    },
    async open(state, context) {
      const { nearest, close } = await openGaussians(state, context);
      const classes = state.classes!.data as Int32Array;
      return {
        score: async ({ features }) =>
          (await nearest(normalised(features))).distances,
        async explain({ features }) {
          const { indices } = await nearest(normalised(features));
          return { class: classes[indices[0]!]! };
        },
        close,
      };
    },
  });
}
