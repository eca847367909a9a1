import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { distanceTo, stateArray } from "./rows.ts";
import {
  checkSubspace,
  fitSubspace,
  openResidual,
  type SubspaceOptions,
} from "./subspace.ts";

/**
 * Residual: `‖Rᵀ(z - o)‖`, the length of the component of a feature outside the
 * principal subspace of the known features.
 *
 * The first term of {@linkcode vim}, with the same subspace. Performs well for
 * inputs that leave the principal subspace of known features, and badly for
 * those within it. `explain` returns the residual and `‖z - o‖`, its upper bound.
 *
 * Source: Wang et al., "ViM: Out-Of-Distribution with Virtual-logit Matching",
 * CVPR 2022, https://arxiv.org/abs/2203.10807, where it is a baseline. The
 * authors' code (`benchmark.py` of `haoqiwang/vim`) and OpenOOD
 * (`openood/postprocessors/residual_postprocessor.py`) have the origin `"head"`
 * and a fixed number of dimensions: 1,000 from 2,048 units on, else 512.
 *
 * @category Detectors
 * @param options Dimensions and origin of the subspace.
 * @returns A detector of the penultimate, `[N, D]`; scores are in the unit of the features.
 * @throws {RangeError} If an option is out of range; in `fit`, if there is no
 * residual.
 *
 * @example A line, and a point beside it
 * ```ts
 * import { featureSet, residual } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const features = [matrix(0, 0, 1, 1, 2, 2.1, 3, 3, 4, 3.9)];
 * const scorer = await residual({ dims: 1 }).fit(featureSet({ features }));
 * const query = featureSet({ features: [matrix(5, 5, 5, -5)] });
 * const [on, beside] = await scorer.score(query);
 * assert.ok(on! < 0.1 && beside! > 7);
 * ```
 */
export function residual(options: SubspaceOptions = {}): Detector {
  const settings = checkSubspace(options, "residual");
  const usesHead = settings.origin === "head";
  return defineDetector({
    name: "residual",
    settings,
    uses: { features: usesHead ? "head" : "layer", head: usesHead },
    async fit(known) {
      const { origin, residual, width } = await fitSubspace(known, settings);
      return {
        origin: stateArray(origin),
        residual: stateArray(residual, [origin.length, width]),
      };
    },
    async open(state, context) {
      const measure = await openResidual(state, context);
      const origin = state.origin!.data as Float64Array;
      return {
        score: ({ features }) => measure.of(features),
        async explain({ features }) {
          const [residual] = await measure.of(features);
          const distance = distanceTo(features, 0, origin);
          return { terms: { residual: residual!, distance } };
        },
        close: () => measure.close(),
      };
    },
  });
}
