import { cannot } from "../check.ts";
import type { Detector } from "../types.ts";
import {
  checkCovariance,
  type CovarianceOptions,
  fitGaussians,
  openGaussians,
} from "./class_gaussians.ts";
import { defineDetector } from "./define_detector.ts";
import type {
  BlockScorer,
  DetectorState,
  KnownSamples,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import { squaredLengths, stateArray, stateMatrix } from "./rows.ts";

/**
 * Relative Mahalanobis distance: the minimum over the classes of the squared
 * distance from the class, minus the squared distance under one Gaussian of all
 * samples.
 *
 * Both distances are as in {@linkcode mahalanobis}; the second covariance is that
 * around the mean of all samples. Directions that do not separate classes cancel
 * out: better than `mahalanobis` for near-distribution inputs.
 * Performs badly for inputs that are far in directions that no class uses. With
 * one class, both distances are the same and all scores would be 0, so that is
 * refused.
 *
 * Source: Ren et al., "A Simple Fix to Mahalanobis Distance for Improving
 * Near-OOD Detection", 2021, https://arxiv.org/abs/2106.09022. The same as
 * OpenOOD (`openood/postprocessors/rmds_postprocessor.py`), whose
 * pseudo-inverse is that of scikit-learn. oodeel gives half of this.
 *
 * @category Detectors
 * @param options The cutoff of both pseudo-inverses.
 * @returns A detector of one layer, `[N, D]`, whose fit needs labels; scores have
 * no unit, and can be negative.
 * @throws {RangeError} If `cutoff` is not in `[0, 1)`; in `fit`, if the labels are
 * all of one class.
 *
 * @example Two classes, and a sample between them
 * ```ts
 * import { featureSet, rmds } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const features = [matrix(0, 0, 1, 0, 0, 1, 1, 2, 4, 4, 5, 4, 4, 5, 6, 6)];
 * const known = featureSet({ features, labels: [0, 0, 0, 0, 1, 1, 1, 1] });
 * const scorer = await rmds().fit(known);
 * const query = featureSet({ features: [matrix(0.5, 0.5, -3, 4)] });
 * const [near, between] = await scorer.score(query);
 * assert.ok(near! < between!);
 * ```
 */
export function rmds(options: CovarianceOptions = {}): Detector {
  const settings = checkCovariance(options, "rmds");
  return defineDetector({
    name: "rmds",
    settings,
    uses: { features: "layer", labels: true },
    fit: (known) => fit(known, settings),
    open,
  });
}

async function fit(
  known: KnownSamples,
  { cutoff }: CovarianceOptions,
): Promise<DetectorState> {
  const { action, pacer } = known;
  const { measureMoments, scatterAround } = await import("./moments.ts");
  const moments = await measureMoments(known, {
    classOf: ({ labels }) => labels,
  });
  const { samples, columns, mean, classes } = moments;
  if (classes.length < 2) {
    const rule = "labels must be of two classes or more, as the distances " +
      "of one class are those of the one Gaussian";
    throw new RangeError(
      cannot(action, rule, classes.length, "use mahalanobis()"),
    );
  }
  const gaussians = await fitGaussians(moments, { cutoff, action, pacer });
  const scatter = await scatterAround(moments, mean, { pacer });
  const { whitening, defaultCutoff } = await import(
    "../linalg/pseudo_inverse.ts"
  );
  const { factor, rank } = await whitening(
    scatter.map((x) => x / samples), // [D, D]
    columns,
    cutoff ?? defaultCutoff(columns),
    pacer,
  );
  return { ...gaussians, background: stateArray(factor, [columns, rank]) };
}

async function open(
  state: DetectorState,
  context: ScoringContext,
): Promise<BlockScorer> {
  const { pacer } = context;
  const { nearest, close } = await openGaussians(state, context);
  const { centred, openProduct } = await import("../linalg/products.ts");
  const product = await openProduct(stateMatrix(state.background!), { pacer });
  const classes = state.classes!.data as Int32Array;
  const mean = state.mean!.data as Float64Array;
  const background = async (features: SampleMatrix) =>
    squaredLengths(
      await product.times(centred(features, mean)),
      features.rows,
    ); // [n]
  return {
    async score({ features }) {
      const { distances } = await nearest(features);
      const all = await background(features);
      return distances.map((distance, i) => distance - all[i]!);
    },
    async explain({ features }) {
      const { distances, indices } = await nearest(features);
      const all = await background(features);
      return {
        class: classes[indices[0]!]!,
        terms: { class: distances[0]!, background: all[0]! },
      };
    },
    async close() {
      await product.close();
      await close();
    },
  };
}
