import { checkOneOf, checkOptions } from "../check.ts";
import {
  countScores,
  exchanged,
  type PositiveSide,
  type Scores,
  SIDES,
} from "./scores.ts";

/**
 * Points of a precision-recall curve, `G + 1` for `G` distinct scores, ordered
 * from the strictest threshold to the most lenient one.
 *
 * @category Metrics
 */
export interface PrCurve {
  /**
   * Precision at each threshold: the fraction of positive samples among those
   * that pass; 1 at the first threshold, where none passes.
   */
  readonly precision: Float64Array;
  /**
   * Recall at each threshold: the fraction of positive samples that pass,
   * ascending from 0 to 1.
   */
  readonly recall: Float64Array;
  /** Scores, as in {@linkcode RocCurve}. */
  readonly thresholds: Float64Array;
}

/**
 * The precision-recall curve, at every threshold. {@linkcode aupr} is the area
 * under its steps.
 *
 * Source: scikit-learn's `precision_recall_curve` with
 * `drop_intermediate=False`, in reversed order, and with a threshold for the
 * first point too.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options The positive side.
 * @returns Precision, recall and the thresholds, `[G + 1]` each.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, a score is NaN or infinite, or
 * `positive` is invalid.
 *
 * @example Three thresholds and the beginning
 * ```ts
 * import { prCurve } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const curve = prCurve([1, 2], [2, 5]);
 * assert.deepEqual([...curve.thresholds], [Infinity, 5, 2, 1]);
 * assert.deepEqual([...curve.recall], [0, 0.5, 1, 1]);
 * assert.deepEqual([...curve.precision], [1, 1, 2 / 3, 0.5]);
 * ```
 *
 * @category Metrics
 */
export function prCurve(
  known: Scores,
  unknown: Scores,
  options: PositiveSide = {},
): PrCurve {
  const action = "compute precision-recall curve";
  checkOptions(options, action, ["positive"]);
  const { positive = "unknown" } = options;
  checkOneOf(positive, action, "positive", SIDES);
  const isKnown = positive === "known";
  const scores = countScores(known, unknown, action);
  const counts = isKnown ? exchanged(scores) : scores;
  const size = counts.values.length + 1;
  const precision = new Float64Array(size).fill(1); // [G + 1]
  const recall = new Float64Array(size); // [G + 1]
  const thresholds = new Float64Array(size); // [G + 1]
  thresholds[0] = isKnown ? -Infinity : Infinity;
  let [found, passed] = [0, 0];
  for (let i = 1; i < size; i++) {
    const group = size - 1 - i;
    found += counts.unknown[group]!;
    passed += counts.unknown[group]! + counts.known[group]!;
    precision[i] = found / passed;
    recall[i] = found / counts.numUnknown;
    thresholds[i] = isKnown ? 0 - counts.values[group]! : counts.values[group]!;
  }
  return { precision, recall, thresholds };
}
