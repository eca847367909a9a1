/**
 * Stratified bootstrap: how much a metric varies when the samples of each side
 * are resampled with replacement.
 *
 * @module
 */
import { quantile } from "../math/quantile.ts";
import { seededRandom } from "../math/seeded_random.ts";
import type { ScoreCounts } from "./scores.ts";

/** Number of resamples. */
const NUM_RESAMPLES = 1000;

/** The scores to resample. */
export interface Resampling {
  /** Scores of known samples, `[N]`. */
  readonly known: Float64Array;
  /** Scores of unknown samples, `[M]`. */
  readonly unknown: Float64Array;
  /** The same scores, counted. */
  readonly counts: ScoreCounts;
  /** Seed of the draws. */
  readonly seed: number;
}

/**
 * Percentile intervals of several metrics over the same resamples.
 *
 * Each resample draws `N` known, then `M` unknown samples: sample
 * `floor(N · r)`, `r` from `seededRandom(seed)`. The draws are counted by
 * distinct score, so that a resample costs `O(N + M)` and is never sorted.
 *
 * @param sampling The scores.
 * @param metrics The metrics, from counts.
 * @param confidence Fraction of the resamples within the interval.
 * @returns Steps, one a resample, which return the low and high end for each
 * metric.
 */
export function* bootstrap(
  { known, unknown, counts, seed }: Resampling,
  metrics: readonly ((counts: ScoreCounts) => number)[],
  confidence: number,
): Generator<void, [low: number, high: number][]> {
  const random = seededRandom(seed);
  const groups = [known, unknown].map((scores) =>
    groupsOf(scores, counts.values)
  );
  const drawn = {
    ...counts,
    known: new Float64Array(counts.values.length), // [G]
    unknown: new Float64Array(counts.values.length), // [G]
  };
  const found = metrics.map(() => new Float64Array(NUM_RESAMPLES));
  for (let resample = 0; resample < NUM_RESAMPLES; resample++) {
    draw(groups[0]!, random, drawn.known);
    draw(groups[1]!, random, drawn.unknown);
    metrics.forEach((metric, i) => found[i]![resample] = metric(drawn));
    yield;
  }
  const tail = (1 - confidence) / 2;
  return found.map((values) => [
    quantile(values, tail),
    quantile(values, 1 - tail),
  ]);
}

function draw(
  groups: Int32Array,
  random: () => number,
  counts: Float64Array,
): void {
  counts.fill(0);
  const { length } = groups;
  for (let i = 0; i < length; i++) {
    counts[groups[Math.floor(random() * length)]!]!++;
  }
}

/** Index of the distinct value of each score, by bisection. */
function groupsOf(scores: Float64Array, values: Float64Array): Int32Array {
  return Int32Array.from(scores, (score) => {
    let [low, high] = [0, values.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle]! < score) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
