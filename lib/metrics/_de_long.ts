/**
 * The variance of an area under a ROC curve.
 *
 * @module
 */
import type { ScoreCounts } from "./scores.ts";

/**
 * Variance of the AUROC over samples, by DeLong.
 *
 * Each known sample has the share of the unknown that score above it, each
 * unknown one the share of the known below it, ties half; the variance of the
 * area is the sum of their sample variances, each over its number of samples.
 * The shares come from counts, as in Sun and Xu, so `O(G)` and no pair is
 * looked at.
 *
 * Source: DeLong et al., "Comparing the Areas under Two or More Correlated
 * Receiver Operating Characteristic Curves", Biometrics 1988; Sun and Xu, IEEE
 * Signal Processing Letters 2014.
 *
 * @param counts Scores by distinct value; two samples a side at least.
 * @param area The AUROC, which is the mean of either's shares.
 * @returns The variance.
 */
export function deLongVariance(counts: ScoreCounts, area: number): number {
  const { known, unknown, numKnown, numUnknown } = counts;
  let [knownBelow, unknownBelow] = [0, 0];
  let [knownSquares, unknownSquares] = [0, 0];
  for (let i = 0; i < known.length; i++) {
    const above = numUnknown - unknownBelow - unknown[i]! / 2;
    const below = knownBelow + known[i]! / 2;
    knownSquares += known[i]! * (above / numUnknown - area) ** 2;
    unknownSquares += unknown[i]! * (below / numKnown - area) ** 2;
    knownBelow += known[i]!;
    unknownBelow += unknown[i]!;
  }
  return knownSquares / (numKnown - 1) / numKnown +
    unknownSquares / (numUnknown - 1) / numUnknown;
}
