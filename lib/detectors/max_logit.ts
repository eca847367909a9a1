import { checkNoOptions } from "../check.ts";
import { finiteMax } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax } from "./rows.ts";

/**
 * Maximum logit: `-max(logits)`.
 *
 * Better than {@linkcode msp} with many classes, because it does not depend on
 * the distribution over the other classes. Several sigmoids are accepted.
 * Performs badly if the scale of logits differs between classes. One sigmoid of
 * logit `z` is two classes, `[0, z]`: all samples of the first class score 0,
 * so {@linkcode msp} ranks better there.
 *
 * Source: Hendrycks et al., "Scaling Out-of-Distribution Detection for
 * Real-World Settings", ICML 2022, https://arxiv.org/abs/1911.11132. The same
 * as oodeel's `MLS` and OpenOOD's `mls`
 * (`openood/postprocessors/maxlogit_postprocessor.py`).
 *
 * @category Detectors
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores in the unit of the logits.
 * @throws {TypeError} If it is called with options.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { featureSet, maxLogit } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const scores = await maxLogit().score(featureSet({ logits }));
 * assert.deepEqual([...scores], [-9, -1]);
 * ```
 */
export function maxLogit(): FitFreeDetector {
  checkNoOptions(arguments, "create maxLogit()", "maxLogit()");
  return defineDetector({
    name: "maxLogit",
    uses: { logits: "any" },
    flagsNonFinite: true,
    open: () => ({
      score({ rows, logits: { data, columns } }) {
        const scores = new Float64Array(rows); // [n]
        for (let row = 0; row < rows; row++) {
          scores[row] = -finiteMax(data, row * columns, columns);
        }
        return scores;
      },
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}
