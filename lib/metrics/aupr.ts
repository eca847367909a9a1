import { checkOneOf, checkOptions } from "../check.ts";
import {
  countScores,
  type PositiveSide,
  type ScoreCounts,
  type Scores,
  SIDES,
} from "./scores.ts";

/**
 * Area under the precision-recall curve, as average precision:
 * `Σ (R_n - R_{n-1}) P_n` over the thresholds in descending order.
 *
 * Unlike {@linkcode auroc} it depends on the number of samples on each side:
 * for random scores it is the fraction of positive samples. The literature
 * calls it AUPR-Out if the unknown samples are positive, and AUPR-In if the
 * known ones are.
 *
 * Source: scikit-learn's `average_precision_score`; no interpolation, which
 * would be too optimistic (Davis and Goadrich, ICML 2006). Samples with equal
 * scores share a threshold.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options The positive side.
 * @returns The area, in `(0, 1]`.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, a score is NaN or infinite, or
 * `positive` is invalid.
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
  return precisionOf(countScores(known, unknown, action), positive);
}

/**
 * Average precision from counts.
 *
 * @param counts Scores by distinct value.
 * @param positive The positive side.
 * @returns The average precision.
 */
export function precisionOf(
  counts: ScoreCounts,
  positive: "known" | "unknown",
): number {
  const isKnown = positive === "known";
  const [right, wrong] = isKnown
    ? [counts.known, counts.unknown]
    : [counts.unknown, counts.known];
  const last = right.length - 1;
  let [found, passed, sum] = [0, 0, 0];
  for (let i = 0; i <= last; i++) {
    const group = isKnown ? i : last - i;
    const count = right[group]!;
    found += count;
    passed += count + wrong[group]!;
    if (count > 0) sum += count * (found / passed);
  }
  return sum / found;
}
