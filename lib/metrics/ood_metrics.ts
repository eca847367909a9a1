import {
  cannot,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import { normalQuantile } from "../math/normal_quantile.ts";
import { bootstrap } from "./_bootstrap.ts";
import { deLongVariance } from "./_de_long.ts";
import { precisionOf } from "./aupr.ts";
import { areaOf } from "./auroc.ts";
import { errorOf } from "./detection_error.ts";
import { rateOf } from "./fpr_at_tpr.ts";
import {
  checkScores,
  countChecked,
  type ScoreCounts,
  type Scores,
} from "./scores.ts";

/**
 * A metric with its confidence interval.
 *
 * @category Metrics
 */
export interface Interval {
  /** The value for the samples. */
  readonly value: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/**
 * Metrics of how well scores separate known from unknown samples.
 *
 * @category Metrics
 */
export interface OodMetrics {
  /** See {@linkcode auroc}. */
  readonly auroc: Interval;
  /** See {@linkcode aupr}, with the known samples positive. */
  readonly auprIn: Interval;
  /** See {@linkcode aupr}, with the unknown samples positive. */
  readonly auprOut: Interval;
  /** See {@linkcode fprAtTpr}, at 0.95 with the unknown samples positive. */
  readonly fpr95: Interval;
  /** See {@linkcode detectionError}. */
  readonly detectionError: Interval;
}

/**
 * Settings of {@linkcode oodMetrics}.
 *
 * @category Metrics
 */
export interface OodMetricsOptions {
  /**
   * The method for the interval of the AUROC. The other intervals always use
   * the bootstrap.
   *
   * @default {"delong"}
   */
  readonly intervals?: "delong" | "bootstrap";
  /**
   * Confidence level of the intervals, in `(0, 1)`.
   *
   * @default {0.95}
   */
  readonly confidence?: number;
  /**
   * Seed of the bootstrap, an integer.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/** The keys of {@linkcode OodMetricsOptions}, for checks. */
export const METRIC_OPTIONS = ["intervals", "confidence", "seed"] as const;

/**
 * Computes all metrics of known and unknown scores, with confidence intervals.
 *
 * The interval of the AUROC is DeLong's: normal, `value ± z · √variance`, cut
 * to `[0, 1]`. It is too narrow if the sides hardly overlap, and a point if
 * they do not. The others are percentiles of a stratified bootstrap: both sides
 * are resampled 1,000 times, each at its size. They show how the metrics vary
 * over samples, not over trainings of the model.
 *
 * Costs `O(n log n)` for the metrics and 1,000 passes over the scores for the
 * intervals: about 1 s for 2 × 10,000 scores.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options Kind and confidence of the intervals, seed.
 * @returns Five metrics with their intervals.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side has fewer than two scores, a score is NaN or
 * infinite, or an option is out of range.
 *
 * @example Two sides that overlap
 * ```ts
 * import { oodMetrics } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const { auroc, fpr95 } = oodMetrics([1, 2, 3, 4], [3, 5, 6, 7]);
 * assert.equal(auroc.value, 14.5 / 16);
 * assert.ok(auroc.low < auroc.value && auroc.high === 1);
 * assert.equal(fpr95.value, 0.5);
 * ```
 *
 * @category Metrics
 */
export function oodMetrics(
  known: Scores,
  unknown: Scores,
  options: OodMetricsOptions = {},
): OodMetrics {
  const steps = metricSteps(known, unknown, options);
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * The same in steps, between which a long run may yield the thread.
 *
 * @param known Scores of known samples, `[N]`.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param options As for {@linkcode oodMetrics}.
 * @returns Steps, one a resample, which return the metrics.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side has fewer than two scores, a score is NaN or
 * infinite, or an option is out of range.
 */
export function* metricSteps(
  known: Scores,
  unknown: Scores,
  options: OodMetricsOptions,
): Generator<void, OodMetrics> {
  const action = "compute metrics";
  const { intervals, confidence, seed } = checkMetricOptions(options, action);
  const sides = {
    known: checkScores(known, action, "known"),
    unknown: checkScores(unknown, action, "unknown"),
  };
  for (const [name, { length }] of Object.entries(sides)) {
    if (length > 1) continue;
    const rule = `"${name}" must hold two scores or more to have an interval`;
    const hint = "auroc(), aupr(), fprAtTpr() and detectionError() need one";
    throw new RangeError(cannot(action, rule, [length], hint));
  }
  const counts = countChecked(sides.known, sides.unknown);
  const metrics: readonly ((counts: ScoreCounts) => number)[] = [
    areaOf,
    (counts) => precisionOf(counts, "known"),
    (counts) => precisionOf(counts, "unknown"),
    (counts) => rateOf(counts, 0.95).fpr,
    errorOf,
  ];
  const ends = yield* bootstrap(
    { ...sides, counts, seed },
    metrics,
    confidence,
  );
  const [area, auprIn, auprOut, fpr95, error] = metrics.map((metric, i) => {
    const [low, high] = ends[i]!;
    return Object.freeze({ value: metric(counts), low, high });
  });
  return Object.freeze({
    auroc: intervals === "delong"
      ? deLong(counts, area!.value, confidence)
      : area!,
    auprIn: auprIn!,
    auprOut: auprOut!,
    fpr95: fpr95!,
    detectionError: error!,
  });
}

/**
 * Checks settings of metrics.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @returns The settings, with defaults.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If one is out of range.
 */
export function checkMetricOptions(
  options: OodMetricsOptions,
  action: string,
): Required<OodMetricsOptions> {
  checkOptions(options, action, METRIC_OPTIONS);
  const { intervals = "delong", confidence = 0.95, seed = 0 } = options;
  checkOneOf(intervals, action, "intervals", ["delong", "bootstrap"]);
  checkNumber(confidence, action, "confidence", { above: 0, below: 1 });
  checkInteger(seed, action, "seed", Number.MIN_SAFE_INTEGER);
  return { intervals, confidence, seed };
}

function deLong(
  counts: ScoreCounts,
  value: number,
  confidence: number,
): Interval {
  const width = normalQuantile((1 + confidence) / 2) *
    Math.sqrt(deLongVariance(counts, value));
  return Object.freeze({
    value,
    low: Math.max(0, value - width),
    high: Math.min(1, value + width),
  });
}
