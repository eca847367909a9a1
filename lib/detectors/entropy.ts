import { checkNoOptions } from "../check.ts";
import { expNegative, finiteMax } from "../math/softmax.ts";
import type { FitFreeDetector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows } from "./rows.ts";

/**
 * Entropy of the softmax: `-Σ p log p`.
 *
 * Uses the whole distribution, while {@linkcode msp} uses only the largest
 * probability. Performs badly if known samples can be confused with many
 * classes. Probabilities that underflow add 0.
 *
 * Source: Shannon entropy of the prediction; a baseline of Ren et al.,
 * "Likelihood Ratios for Out-of-Distribution Detection", NeurIPS 2019,
 * https://arxiv.org/abs/1906.02845. oodeel (`oodeel/methods/entropy.py`) gives
 * NaN where a probability is 0 in float32.
 *
 * @category Detectors
 * @returns A detector that scores at once: logits `[N, C]` to `N` scores in nats, in `[0, log C]`.
 * @throws {TypeError} If it is called with options.
 *
 * @example Two samples, the second one less sure
 * ```ts
 * import { entropy, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const [sure, unsure] = await entropy().score(featureSet({ logits }));
 * assert.ok(sure! < 0.01);
 * assert.equal(unsure!, Math.log(2));
 * ```
 */
export function entropy(): FitFreeDetector {
  checkNoOptions(arguments, "create entropy()", "entropy()");
  return defineDetector({
    name: "entropy",
    uses: { logits: "classes" },
    flagsNonFinite: true,
    open: () => ({
      score: ({ rows, logits: { data, columns } }) =>
        scoreRows(rows, (row) => entropyOf(data, row * columns, columns)),
      explain: ({ logits }) => ({ class: argmax(logits)[0]! }),
    }),
  });
}

/**
 * `log S - Σ e (l - max) / S`, with `e = exp(l - max)` and `S = Σ e`, without
 * the largest logit in both sums, so that no term is negative.
 */
function entropyOf(
  data: Float32Array | Float64Array,
  from: number,
  count: number,
): number {
  const max = finiteMax(data, from, count);
  let others = 0;
  let weighted = 0;
  let ties = -1;
  for (let j = from; j < from + count; j++) {
    const below = data[j]! - max;
    if (below === 0) {
      ties++;
      continue;
    }
    const power = expNegative(below);
    others += power;
    weighted -= power * below;
  }
  others += ties;
  return Math.log1p(others) + weighted / (1 + others);
}
