/**
 * The variance of an area under a ROC curve.
 *
 * @module
 */
import type { ScoreCounts } from "./scores.ts";

/**
 * Variance of the AUROC over samples, by DeLong.
 *
 * For each known sample, take the fraction of unknown samples that score above
 * it; for each unknown sample, the fraction of known samples below it; ties
 * count half. The variance of the area is the sum of both sample variances,
 * each divided by its number of samples. The fractions are computed from
 * counts, as in Sun and Xu, in `O(G)`.
 *
 * Source: DeLong et al., "Comparing the Areas under Two or More Correlated
 * Receiver Operating Characteristic Curves", Biometrics 1988; Sun and Xu, IEEE
 * Signal Processing Letters 2014.
 *
 * @param counts Scores by distinct value; at least two samples per side.
 * @param area The AUROC, the mean of either side's fractions.
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
