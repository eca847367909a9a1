import { checkInteger, checkOptions } from "../check.ts";
import type { FeatureSet } from "../types.ts";
import { checkPredicted } from "./_predicted.ts";

/**
 * Settings of {@linkcode calibrationError}.
 *
 * @category Metrics
 */
export interface CalibrationErrorOptions {
  /**
   * Number of confidence bins of equal width.
   *
   * @default {15}
   */
  readonly bins?: number;
}

/**
 * Expected calibration error:
 * `Σ over bins of n_b / N · |accuracy_b - confidence_b|`, the mean absolute
 * difference between the confidence and the accuracy of a model.
 *
 * The confidence of a sample is its largest softmax probability, or for a
 * sigmoid of one unit `max(p, 1 - p)`; the softmax is computed from the logits
 * in float64. Bin `b` holds confidences in `(b / B, (b + 1) / B]`. With few
 * samples per bin the error is overestimated, and it depends on the number of
 * bins, so compare it at equal settings only.
 *
 * Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017,
 * https://arxiv.org/abs/1706.04599.
 *
 * @param set A feature set with logits and labels.
 * @param options Number of bins.
 * @returns The error, in `[0, 1]`; 0 is perfect.
 * @throws {TypeError} If the set is a promise, or has no labels or no logits of
 * classes.
 * @throws {RangeError} If the set is empty, a logit is NaN or infinite, or
 * `bins` is not a positive integer.
 *
 * @example Sure, and right half of the time
 * ```ts
 * import { calibrationError, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(Math.log(9), 0, Math.log(9), 0);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const set = featureSet({ logits, labels: [0, 1] });
 * assert.ok(Math.abs(calibrationError(set) - 0.4) < 1e-6); // 0.9 - 0.5
 * ```
 *
 * @category Metrics
 */
export function calibrationError(
  set: FeatureSet,
  options: CalibrationErrorOptions = {},
): number {
  const action = "compute calibration error";
  checkOptions(options, action, ["bins"]);
  const { bins = 15 } = options;
  checkInteger(bins, action, "bins");
  const { classes, labels, logits } = checkPredicted(set, action, true);
  const width = logits.shape[1]!;
  // By bin: the sum of confidences minus the number of correct predictions.
  const gaps = new Map<number, number>();
  for (let row = 0; row < classes.length; row++) {
    const values = logits.data.subarray(row * width, (row + 1) * width);
    const confidence = width === 1
      ? 1 / (1 + Math.exp(-Math.abs(values[0]!)))
      : largestProbability(values);
    const bin = Math.max(0, Math.ceil(confidence * bins) - 1);
    const right = classes[row] === labels[row] ? 1 : 0;
    gaps.set(bin, (gaps.get(bin) ?? 0) + confidence - right);
  }
  let sum = 0;
  for (const gap of gaps.values()) sum += Math.abs(gap);
  return sum / classes.length;
}

function largestProbability(logits: Float32Array): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  return 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
}
