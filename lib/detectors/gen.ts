import { checkInteger, checkNumber, checkOptions } from "../check.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows } from "./rows.ts";

/**
 * Settings of {@linkcode gen}.
 *
 * @category Detectors
 */
export interface GenOptions {
  /**
   * The exponent `γ`, in `(0, 1)`: smaller values give more weight to small
   * probabilities.
   *
   * @default {0.1}
   */
  readonly gamma?: number;
  /**
   * Number of the largest probabilities to use; all if there are fewer.
   *
   * @default {100}
   */
  readonly top?: number;
}

/**
 * Generalised entropy: `Σ p^γ (1 - p)^γ` over the largest probabilities.
 *
 * More sensitive to small deviations from a confident prediction than
 * {@linkcode entropy}. Performs badly if the tail of the probabilities is
 * noise; use a lower `top` then. `1 - p` is computed from the other classes, in
 * logarithms, so that a saturated softmax still ranks.
 *
 * Source: Liu, Lochman and Zach, "GEN: Pushing the Limits of Softmax-Based
 * Out-of-Distribution Detection", CVPR 2023,
 * https://openreview.net/forum?id=Sie7oeTABS; the score is negated there, to be
 * higher for known samples. The authors' code (`benchmark.py` of
 * `XixiLiu95/GEN`), OpenOOD (`openood/postprocessors/gen_postprocessor.py`) and
 * oodeel have the same formula and defaults, with `1 - p` by subtraction, which
 * is 0 for a saturated softmax.
 *
 * @category Detectors
 * @param options The exponent, and the number of probabilities.
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores without unit.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { featureSet, gen } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const [sure, unsure] = await gen().score(featureSet({ logits }));
 * assert.ok(sure! < unsure!);
 * ```
 */
export function gen(options: GenOptions = {}): FitFreeDetector {
  const action = "create gen()";
  checkOptions(options, action, ["gamma", "top"]);
  const { gamma = 0.1, top = 100 } = options;
  checkNumber(gamma, action, "gamma", { above: 0, below: 1 });
  checkInteger(top, action, "top");
  return defineDetector({
    name: "gen",
    settings: { gamma, top },
    uses: { logits: "classes" },
    open: () => ({
      score: ({ rows, logits: { data, columns } }) =>
        scoreRows(rows, (row) => {
          const from = row * columns;
          const sorted = data.slice(from, from + columns).sort().reverse();
          return genOf(sorted, gamma, Math.min(top, columns));
        }),
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}

function genOf(
  sorted: Float32Array | Float64Array,
  gamma: number,
  top: number,
): number {
  const [max, second] = [sorted[0]!, sorted[1]!];
  let others = 0; // of all but the largest, in units of the second
  for (let j = 1; j < sorted.length; j++) {
    others += Math.exp(sorted[j]! - second);
  }
  const logOthers = second - max + Math.log(others);
  const logSum = Math.log1p(Math.exp(logOthers));
  let sum = Math.exp(gamma * (logOthers - 2 * logSum)); // p is 1 / S, 1 - p the others
  for (let j = 1; j < top; j++) {
    const logP = sorted[j]! - max - logSum;
    sum += Math.exp(gamma * (logP + Math.log1p(-Math.exp(logP))));
  }
  return sum;
}
