import { checkNoOptions } from "../check.ts";
import { softmaxParts } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { scoreRows } from "./rows.ts";

/**
 * Maximum softmax probability: `1 - max(softmax(logits))`.
 *
 * The baseline for all other detectors. It is computed from the other classes,
 * `Σ p` over all but the largest, so that a saturated softmax still ranks:
 * `1 - p` would be 0 in float32 for most samples. Performs badly if a network
 * is overconfident, as many are far from their training data.
 *
 * Source: Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and
 * Out-of-Distribution Examples in Neural Networks", ICLR 2017,
 * https://arxiv.org/abs/1610.02136. oodeel and OpenOOD
 * (`openood/postprocessors/base_postprocessor.py`) score `-max p`, which is
 * less by 1.
 *
 * @category Detectors
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores in `[0, 1 - 1 / C]`.
 * @throws {TypeError} If it is called with options.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { featureSet, msp } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const [sure, unsure] = await msp().score(featureSet({ logits }));
 * assert.ok(sure! < 0.001 && unsure === 0.5);
 * ```
 */
export function msp(): FitFreeDetector {
  checkNoOptions(arguments, "create msp()", "msp()");
  return defineDetector({
    name: "msp",
    uses: { logits: "classes" },
    flagsNonFinite: true,
    open: () => ({
      score: ({ rows, logits: { data, columns } }) =>
        scoreRows(rows, (row) => {
          const { others } = softmaxParts(data, row * columns, columns);
          return others / (1 + others);
        }),
      explain: ({ logits: { data, columns } }) => ({
        class: softmaxParts(data, 0, columns).argmax,
      }),
    }),
  });
}
