import { checkNoOptions } from "../check.ts";
import { countScores, type ScoreCounts, type Scores } from "./scores.ts";

/**
 * Area under the ROC curve: the probability that an unknown sample scores
 * higher than a known one, where ties count half.
 *
 * 1 is a perfect separation, 0.5 is no better than chance, and below 0.5 the
 * ranking is reversed. It does not depend on a threshold, on the scale of the
 * scores, or on the number of samples on each side. It tells little about the
 * rates at one threshold; use {@linkcode fprAtTpr} for these.
 *
 * Source: Mann and Whitney's U over the number of pairs (Annals of Mathematical
 * Statistics, 1947); equal to scikit-learn's `roc_auc_score`. Computed with
 * integers, so exact up to 2⁵² pairs.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @returns The area, in `[0, 1]`.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, or a score is NaN or infinite.
 *
 * @example Five pairs of six are in order
 * ```ts
 * import { auroc } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * assert.equal(auroc([1, 2, 4], [3, 5]), 5 / 6);
 * ```
 *
 * @category Metrics
 */
export function auroc(known: Scores, unknown: Scores): number {
  checkNoOptions(arguments, "compute AUROC", "auroc(known, unknown)", 2);
  return areaOf(countScores(known, unknown, "compute AUROC"));
}

/**
 * The area from counts.
 *
 * @param counts Scores by distinct value.
 * @returns The area under the ROC curve.
 */
export function areaOf(counts: ScoreCounts): number {
  const { known, unknown, numKnown, numUnknown } = counts;
  let [below, twice] = [0, 0];
  for (let i = 0; i < known.length; i++) {
    twice += unknown[i]! * (2 * below + known[i]!);
    below += known[i]!;
  }
  return twice / (2 * numKnown * numUnknown);
}
