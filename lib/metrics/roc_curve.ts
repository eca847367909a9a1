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
 * Points of a ROC curve, `G + 1` for `G` distinct scores, ordered from
 * the strictest threshold to the most lenient one.
 *
 * @category Metrics
 */
export interface RocCurve {
  /** False positive rate at each threshold, ascending from 0 to 1. */
  readonly falsePositiveRate: Float64Array;
  /** True positive rate at each threshold, ascending from 0 to 1. */
  readonly truePositiveRate: Float64Array;
  /**
   * The thresholds. With the unknown side positive, samples with a score of at
   * least the threshold pass, and the first threshold is Infinity; with the
   * known side positive, samples with a score of at most the threshold pass,
   * and the first is -Infinity.
   */
  readonly thresholds: Float64Array;
}

/**
 * The ROC curve: rates of true and false positives at every threshold.
 *
 * Source: equal to scikit-learn's `roc_curve` with `drop_intermediate=False`,
 * so that it contains every threshold; equal scores give one point.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options The positive side.
 * @returns Both rates and the thresholds, `[G + 1]` each.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, a score is NaN or infinite, or
 * `positive` is invalid.
 *
 * @example Three thresholds and the beginning
 * ```ts
 * import { rocCurve } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const curve = rocCurve([1, 2], [2, 5]);
 * assert.deepEqual([...curve.thresholds], [Infinity, 5, 2, 1]);
 * assert.deepEqual([...curve.truePositiveRate], [0, 0.5, 1, 1]);
 * assert.deepEqual([...curve.falsePositiveRate], [0, 0, 0.5, 1]);
 * ```
 *
 * @category Metrics
 */
export function rocCurve(
  known: Scores,
  unknown: Scores,
  options: PositiveSide = {},
): RocCurve {
  const action = "compute ROC curve";
  checkOptions(options, action, ["positive"]);
  const { positive = "unknown" } = options;
  checkOneOf(positive, action, "positive", SIDES);
  const counts = countScores(known, unknown, action);
  if (positive === "unknown") return curveOf(counts);
  const curve = curveOf(exchanged(counts));
  return { ...curve, thresholds: curve.thresholds.map((value) => 0 - value) };
}

/**
 * The curve from counts, with the unknown positive.
 *
 * @param counts Scores by distinct value.
 * @returns The curve.
 */
export function curveOf(counts: ScoreCounts): RocCurve {
  const { values, known, unknown, numKnown, numUnknown } = counts;
  const size = values.length + 1;
  const falsePositiveRate = new Float64Array(size); // [G + 1]
  const truePositiveRate = new Float64Array(size); // [G + 1]
  const thresholds = new Float64Array(size).fill(Infinity); // [G + 1]
  let [wrong, found] = [0, 0];
  for (let i = 1; i < size; i++) {
    const group = size - 1 - i;
    wrong += known[group]!;
    found += unknown[group]!;
    falsePositiveRate[i] = wrong / numKnown;
    truePositiveRate[i] = found / numUnknown;
    thresholds[i] = values[group]!;
  }
  return { falsePositiveRate, truePositiveRate, thresholds };
}

/**
 * The corners of a curve, which are enough to draw it.
 *
 * @param curve The curve.
 * @returns False and true positive rates at the corners, including the ends.
 */
export function cornersOf(
  { falsePositiveRate: x, truePositiveRate: y }: RocCurve,
): { readonly x: Float64Array; readonly y: Float64Array } {
  const corners: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const isStraight = i > 0 && i < x.length - 1 && (
      x[i - 1] === x[i] && x[i] === x[i + 1] ||
      y[i - 1] === y[i] && y[i] === y[i + 1]
    );
    if (!isStraight) corners.push(i);
  }
  return {
    x: Float64Array.from(corners, (i) => x[i]!),
    y: Float64Array.from(corners, (i) => y[i]!),
  };
}
