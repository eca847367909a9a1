/**
 * Aggregates of the scores of several layers. All are increasing in every
 * layer's score, so that none reverses a ranking.
 *
 * @module
 */
import { negativeLogUpperGamma } from "../math/gamma.ts";
import type { DetectorState } from "./definition.ts";
import { stateArray } from "./rows.ts";

/**
 * An aggregate of scores of layers.
 *
 * @category Detectors
 */
export type AggregateName = "standardized" | "fisher" | "max";

/** Aggregates the scores of layers. */
export interface Aggregate {
  /**
   * @param scores One score per layer, of one sample.
   * @returns One score.
   */
  combine(scores: Float64Array): number;
}

/** Spreads below this, and below this fraction of the mean, are rounding errors. */
const LEAST_SPREAD = 1e-10;
/**
 * Maximum number of stored scores per layer: the rank error of a score is at
 * most 1 / 10,000.
 */
const MOST_SCORES = 10_000;

/**
 * Fits an aggregate.
 *
 * @param name Its name.
 * @param scores Scores of the known samples by layer, `L` arrays `[N]`, with
 * leave-one-out scores.
 * @returns Arrays to save.
 */
export function fitAggregate(
  name: AggregateName,
  scores: readonly Float64Array[],
): DetectorState {
  if (name === "fisher") return fitFisher(scores);
  const centres = Float64Array.from(scores, meanOf); // [L]
  const spreads = Float64Array.from(
    scores,
    (layer, l) => {
      const least = LEAST_SPREAD * Math.max(1, Math.abs(centres[l]!));
      return Math.max(least, spreadOf(layer, centres[l]!));
    },
  ); // [L]
  return { centres: stateArray(centres), spreads: stateArray(spreads) };
}

/**
 * Opens an aggregate.
 *
 * @param name Its name.
 * @param state The result of {@linkcode fitAggregate}.
 * @returns The aggregate.
 */
export function openAggregate(
  name: AggregateName,
  state: DetectorState,
): Aggregate {
  if (name === "fisher") return openFisher(state);
  const centres = state.centres!.data as Float64Array;
  const spreads = state.spreads!.data as Float64Array;
  return name === "max"
    ? {
      combine: (scores) =>
        Math.max(...scores.map((x, l) => (x - centres[l]!) / spreads[l]!)),
    }
    : {
      combine: (scores) => meanOf(scores.map((x, l) => x / spreads[l]!)),
    };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function spreadOf(values: Float64Array, mean: number): number {
  return Math.sqrt(
    values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length,
  );
}

/**
 * Fisher's method with Brown's correction, as in oodeel: p-values of each layer
 * by the empirical distribution of the known scores, with a bound at each end;
 * `τ = -2 Σ log p`; the mean and the variance of `τ` on the known samples
 * determine its scaled chi-squared distribution.
 */
function fitFisher(scores: readonly Float64Array[]): DetectorState {
  const tables = scores.map(tableOf);
  const width = tables[0]!.length;
  const table = new Float64Array(tables.length * width); // [L, M]
  tables.forEach((values, l) => table.set(values, l * width));
  const ranks = ranksOf(scores[0]!.length); // [M]
  const layers = { table, ranks, width };
  const taus = Float64Array.from(
    scores[0]!,
    (_, i) => tauOf(Float64Array.from(scores, (layer) => layer[i]!), layers),
  );
  const mean = meanOf(taus);
  const variance = spreadOf(taus, mean) ** 2;
  // Without variance, as if the layers were independent.
  const hasSpread = variance > LEAST_SPREAD ** 2;
  const scale = hasSpread ? variance / (2 * mean) : 1;
  const freedom = hasSpread ? 2 * mean ** 2 / variance : 2 * scores.length;
  return {
    table: stateArray(table, [tables.length, width]),
    ranks: stateArray(ranks),
    chiSquared: stateArray(Float64Array.of(scale, freedom)),
  };
}

function openFisher(state: DetectorState): Aggregate {
  const [, width] = state.table!.shape as [number, number];
  const table = state.table!.data as Float64Array;
  const ranks = state.ranks!.data as Float64Array;
  const [scale, freedom] = state.chiSquared!.data as Float64Array;
  return {
    combine(scores) {
      const tau = tauOf(scores, { table, ranks, width });
      return negativeLogUpperGamma(freedom! / 2, tau / scale! / 2);
    },
  };
}

/**
 * Indices of the sorted values to keep: both ends, and evenly spaced ones
 * between.
 */
function keptOf(count: number): number[] {
  const kept = Math.min(count, MOST_SCORES);
  return Array.from(
    { length: kept },
    (_, i) => kept === 1 ? 0 : Math.round(i * (count - 1) / (kept - 1)),
  );
}

/** Negated scores, ascending, between two bounds. */
function tableOf(scores: Float64Array): Float64Array {
  const sorted = scores.map((x) => -x).sort();
  const count = sorted.length;
  const [least, most] = [sorted[0]!, sorted[count - 1]!];
  const low = least <= 0 ? least * count : least / count;
  const high = most > 0 ? most * count : most / count;
  return Float64Array.of(
    low,
    ...keptOf(count).map((index) => sorted[index]!),
    high,
  );
}

/** The empirical distribution at the values of a table. */
function ranksOf(count: number): Float64Array {
  const ranks = [0, ...keptOf(count).map((index) => index + 1), count + 1];
  return Float64Array.from(ranks, (rank) => (rank + 1) / (count + 2));
}

interface Tables {
  readonly table: Float64Array;
  readonly ranks: Float64Array;
  readonly width: number;
}

function tauOf(scores: Float64Array, { table, ranks, width }: Tables): number {
  let sum = 0;
  scores.forEach((score, l) => {
    const values = table.subarray(l * width, (l + 1) * width);
    sum += Math.log(pValueOf(-score, values, ranks));
  });
  return -2 * sum;
}

/**
 * Linear between the values of the table; 1 above; below, it continues to
 * decrease, so that more extreme samples are distinguished.
 */
function pValueOf(
  value: number,
  values: Float64Array,
  ranks: Float64Array,
): number {
  const last = values.length - 1;
  const span = values[last]! - values[0]!;
  if (value >= values[last]!) return 1;
  if (value < values[0]!) {
    const below = values[0]! - value;
    return span > 0 ? ranks[0]! * span / (span + below) : ranks[0]!;
  }
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle;
    else high = middle;
  }
  const share = (value - values[low]!) / (values[high]! - values[low]!);
  return ranks[low]! + share * (ranks[high]! - ranks[low]!);
}
