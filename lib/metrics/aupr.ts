import { checkOneOf, checkOptions } from "../check.ts";
import {
  countScores,
  exchanged,
  type PositiveSide,
  type ScoreCounts,
  type Scores,
  SIDES,
} from "./scores.ts";

/**
 * Area under the precision-recall curve, as average precision:
 * `Σ (R_n - R_{n-1}) P_n` over the thresholds from strict to lenient.
 *
 * Unlike {@linkcode auroc} it depends on how many samples either side has: at
 * random it is the share of the positive ones. The literature calls it
 * AUPR-Out where the unknown are positive and AUPR-In where the known are.
 *
 * Source: scikit-learn's `average_precision_score`; no interpolation, which
 * would be too favourable (Davis and Goadrich, ICML 2006). Samples with equal
 * scores pass together.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options Which side is positive.
 * @returns The area, in `(0, 1]`.
 * @throws {TypeError} If a side is no array of numbers, or a promise.
 * @throws {RangeError} If a side is empty, a score is NaN or infinite, or
 * `positive` is neither side.
 *
 * @example Both sides
 * ```ts
 * import { aupr } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const [known, unknown] = [[1, 2, 4], [3, 5]];
 * assert.equal(aupr(known, unknown), 1 / 2 + (1 / 2) * (2 / 3));
 * assert.equal(aupr(known, unknown, { positive: "known" }), 11 / 12);
 * ```
 *
 * @category Metrics
 */
export function aupr(
  known: Scores,
  unknown: Scores,
  options: PositiveSide = {},
): number {
  const action = "compute AUPR";
  checkOptions(options, action, ["positive"]);
  const { positive = "unknown" } = options;
  checkOneOf(positive, action, "positive", SIDES);
  const counts = countScores(known, unknown, action);
  return precisionOf(positive === "known" ? exchanged(counts) : counts);
}

/**
 * Average precision from counts, with the unknown positive.
 *
 * @param counts Scores by distinct value.
 * @returns The average precision.
 */
export function precisionOf(counts: ScoreCounts): number {
  const { known, unknown, numUnknown } = counts;
  let [found, passed, sum] = [0, 0, 0];
  for (let i = known.length - 1; i >= 0; i--) {
    if (known[i] === 0 && unknown[i] === 0) continue; // in a resample
    found += unknown[i]!;
    passed += unknown[i]! + known[i]!;
    sum += unknown[i]! * (found / passed);
  }
  return sum / numUnknown;
}
