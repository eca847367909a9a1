/**
 * Conformal calibration: from scores of known samples to p-values.
 *
 * With `n` scores of known samples, the p-value of a score `s` is
 * `(1 + #{known scores >= s}) / (n + 1)`. If the sample is exchangeable with
 * the known ones, its p-value is at most `a` with a probability of at most `a`.
 *
 * Source: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
 * 2005; Bates et al., "Testing for Outliers with Conformal p-values", Annals of
 * Statistics 2023, https://arxiv.org/abs/2104.08279.
 *
 * @module
 */
import { cannot, checkNumber } from "../check.ts";

/** Scores of known samples, with the threshold. */
export interface Calibration {
  /** The fraction of known samples that passes. */
  readonly tpr: number;
  /** Scores of known samples, ascending. */
  readonly scores: Float64Array;
  /** Scores above this are unknown. */
  readonly threshold: number;
}

/**
 * Calibrates on scores of known samples.
 *
 * @param known The scores; copied.
 * @param tpr The fraction of known samples to accept, in (0, 1).
 * @param action The action, for messages.
 * @returns The calibration.
 * @throws {RangeError} If there are too few scores, one is NaN, or `tpr` is out of range.
 */
export function calibration(
  known: ArrayLike<number>,
  tpr: number,
  action: string,
): Calibration {
  checkTpr(tpr, action);
  const fewest = Math.ceil(1 / (1 - tpr) - 1e-9);
  if (known.length < fewest) {
    const rule = `there must be at least ${fewest} known samples for a "tpr" ` +
      `of ${tpr}`;
    throw new RangeError(
      cannot(action, rule, known.length, 'pass more, or a lower "tpr"'),
    );
  }
  const scores = Float64Array.from(known, (score, row) => {
    if (typeof score === "number" && !Number.isNaN(score)) return score;
    const rule = `scores must be numbers, also in row ${row}`;
    const Kind = typeof score === "number" ? RangeError : TypeError;
    throw new Kind(cannot(action, rule, score));
  }).sort(); // [N]
  return { tpr, scores, threshold: thresholdOf(scores, tpr) };
}

/**
 * Checks the fraction of known samples to accept.
 *
 * @param tpr The fraction to check.
 * @param action The action, for messages.
 * @throws {RangeError} If it is not in (0, 1).
 */
export function checkTpr(tpr: number, action: string): void {
  checkNumber(tpr, action, "tpr", { above: 0, below: 1 });
}

/**
 * The score above which p-values are at most `1 - tpr`, with the same
 * floating-point comparison as for p-values.
 */
function thresholdOf(scores: Float64Array, tpr: number): number {
  const count = scores.length;
  // Number of known scores that may be as high: (1 + above) / (n + 1) <= 1 -
  // tpr.
  let above = Math.floor((1 - tpr) * (count + 1)) - 1;
  while ((2 + above) / (count + 1) <= 1 - tpr) above++;
  while (above >= 0 && (1 + above) / (count + 1) > 1 - tpr) above--;
  return above < 0 ? Infinity : scores[count - 1 - above]!;
}

/**
 * The p-values of scores.
 *
 * @param scores The scores.
 * @param known Scores of known samples, ascending.
 * @returns One p-value per score, in (0, 1].
 */
export function pValues(
  scores: Float64Array,
  known: Float64Array,
): Float64Array {
  const count = known.length;
  return scores.map((score) =>
    (1 + count - rankOf(known, score)) / (count + 1)
  );
}

/** Number of sorted scores below a score. */
function rankOf(sorted: Float64Array, score: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}
