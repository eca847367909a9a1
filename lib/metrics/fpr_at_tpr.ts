import { cannot, checkNumber, checkOneOf, checkOptions } from "../check.ts";
import {
  countScores,
  exchanged,
  type PositiveSide,
  type ScoreCounts,
  type Scores,
  SIDES,
} from "./scores.ts";

/**
 * Settings of {@linkcode fprAtTpr}.
 *
 * @category Metrics
 */
export interface FprAtTprOptions extends PositiveSide {
  /**
   * The true positive rate that must be reached, in `(0, 1]`.
   *
   * @default {0.95}
   */
  readonly tpr?: number;
}

/**
 * False positive rate at the first threshold whose true positive rate reaches
 * `tpr`: FPR95 by default. Lower is better.
 *
 * With `positive: "unknown"`: the fraction of known samples classified as
 * unknown, at the threshold that finds 95 % of the unknown ones. With
 * `positive: "known"`: the fraction of unknown samples accepted as known, at
 * the threshold that accepts 95 % of the known ones, as a threshold calibrated
 * on known data does. Papers use both and seldom state which; the default is
 * that of OpenOOD, pytorch-ood and oodeel.
 *
 * Every distinct score is a threshold and nothing is interpolated, so the rate
 * is attainable; samples with equal scores share a threshold, and constant
 * scores give 1. oodeel instead reads the curve just below the rate, at every
 * fourth score.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options The rate, and the positive side.
 * @returns The rate of false positives, in `[0, 1]`.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, a score is NaN or infinite, or an
 * option is out of range.
 *
 * @example Half of the unknown found, then all
 * ```ts
 * import { fprAtTpr } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const [known, unknown] = [[1, 2, 4], [3, 5]];
 * assert.equal(fprAtTpr(known, unknown, { tpr: 0.5 }), 0);
 * assert.equal(fprAtTpr(known, unknown), 1 / 3);
 * assert.equal(fprAtTpr(known, unknown, { positive: "known" }), 1 / 2);
 * ```
 *
 * @category Metrics
 */
export function fprAtTpr(
  known: Scores,
  unknown: Scores,
  options: FprAtTprOptions = {},
): number {
  const action = "compute FPR";
  checkOptions(options, action, ["positive", "tpr"]);
  const { positive = "unknown", tpr = 0.95 } = options;
  checkOneOf(positive, action, "positive", SIDES);
  checkRate(tpr, action);
  const counts = countScores(known, unknown, action);
  return rateOf(positive === "known" ? exchanged(counts) : counts, tpr).fpr;
}

/**
 * Checks a true positive rate.
 *
 * @param tpr The rate to check.
 * @param action The action, for messages.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not in `(0, 1]`.
 */
function checkRate(tpr: number, action: string): void {
  checkNumber(tpr, action, "tpr", { above: 0 });
  if (tpr <= 1) return;
  throw new RangeError(cannot(action, `"tpr" must be in (0, 1]`, tpr));
}

/**
 * The rate from counts, with the unknown positive.
 *
 * @param counts Scores by distinct value.
 * @param tpr The true positive rate to reach.
 * @returns The false positive rate, and the score from which a sample is
 * classified as unknown.
 */
export function rateOf(
  counts: ScoreCounts,
  tpr: number,
): { readonly fpr: number; readonly threshold: number } {
  const { values, known, unknown, numKnown, numUnknown } = counts;
  let [found, wrong] = [0, 0];
  for (let i = known.length - 1; i > 0; i--) {
    found += unknown[i]!;
    wrong += known[i]!;
    if (found / numUnknown >= tpr) {
      return { fpr: wrong / numKnown, threshold: values[i]! };
    }
  }
  return { fpr: 1, threshold: values[0]! };
}
