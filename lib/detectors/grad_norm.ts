import { checkNoOptions } from "../check.ts";
import { softmax } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows } from "./rows.ts";

/**
 * GradNorm: `-‖h‖₁ · ‖softmax(logits) - 1 / C‖₁`.
 *
 * The second factor times the first is the L1 norm of the gradient, by the
 * head's weights, of the divergence between a uniform prediction and that of
 * the model. It is large for known samples. Performs badly if features have
 * both signs, as in transformers. A zero feature scores 0.
 *
 * Source: Huang, Geng and Li, "On the Importance of Gradients for Detecting
 * Distributional Shifts in the Wild", NeurIPS 2021,
 * https://arxiv.org/abs/2110.00218. The gradient by the weights alone, at
 * temperature 1. The authors' code (`test_ood.py` of
 * `deeplearning-wisc/gradnorm_ood`) and OpenOOD
 * (`openood/postprocessors/gradnorm_postprocessor.py`) sum the loss over the
 * classes, so their score is `C` times this.
 *
 * @category Detectors
 * @returns A detector that scores at once: the penultimate `[N, D]` and logits `[N, C]` to `N` scores, at most 0, in the unit of the features.
 * @throws {TypeError} If it is called with options.
 *
 * @example A sure prediction of a long feature, and an unsure one
 * ```ts
 * import { featureSet, gradNorm } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const set = featureSet({
 *   penultimate: matrix(3, -1, 3, -1),
 *   logits: matrix(100, 0, 1, 1),
 * });
 * assert.deepEqual([...await gradNorm().score(set)], [-4, 0]);
 * ```
 */
export function gradNorm(): FitFreeDetector {
  checkNoOptions(arguments, "create gradNorm()", "gradNorm()");
  return defineDetector({
    name: "gradNorm",
    uses: { features: "head", logits: "classes" },
    open: () => ({
      score({ rows, features, logits }) {
        const p = new Float64Array(logits.columns); // [C]
        return scoreRows(rows, (row) => {
          softmax(logits.data, row * logits.columns, p);
          let difference = 0;
          for (const value of p) difference += Math.abs(value - 1 / p.length);
          let length = 0;
          const from = row * features.columns;
          for (let i = from; i < from + features.columns; i++) {
            length += Math.abs(features.data[i]!);
          }
          return -length * difference;
        });
      },
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}
