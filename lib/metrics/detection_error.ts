import { checkNoOptions } from "../check.ts";
import { countScores, type ScoreCounts, type Scores } from "./scores.ts";

/**
 * Detection error: the smallest mean of both error rates over all thresholds,
 * `min over t of (P(known ≥ t) + P(unknown < t)) / 2`. Lower is better.
 *
 * Both sides count as equally likely, whatever their sizes. For random scores
 * it is 0.5, which is also its maximum. The threshold is optimised on the
 * scores themselves, so a real threshold does worse.
 *
 * Source: Lee et al., "A Simple Unified Framework for Detecting
 * Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018,
 * https://arxiv.org/abs/1807.03888, whose detection accuracy is 1 minus it.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @returns The error, in `[0, 0.5]`.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, or a score is NaN or infinite.
 *
 * @example One known sample of three on the wrong side
 * ```ts
 * import { detectionError } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * assert.equal(detectionError([1, 2, 4], [3, 5]), 1 / 6);
 * ```
 *
 * @category Metrics
 */
export function detectionError(known: Scores, unknown: Scores): number {
  checkNoOptions(
    arguments,
    "compute detection error",
    "detectionError(known, unknown)",
    2,
  );
  return errorOf(countScores(known, unknown, "compute detection error"));
}

/**
 * The error from counts.
 *
 * @param counts Scores by distinct value.
 * @returns The detection error.
 */
export function errorOf(counts: ScoreCounts): number {
  const { known, unknown, numKnown, numUnknown } = counts;
  let [wrong, found, least] = [0, 0, 0.5];
  for (let i = known.length - 1; i >= 0; i--) {
    wrong += known[i]!;
    found += unknown[i]!;
    const error = (wrong / numKnown + (numUnknown - found) / numUnknown) / 2;
    if (error < least) least = error;
  }
  return least;
}
