/**
 * Bins of histograms, with common edges for all series.
 *
 * @module
 */
import { niceStep, valueAt } from "./axis.ts";
import type { HistogramSpec } from "./view.ts";

/** A histogram, counted. */
export interface Bins {
  /** `B + 1` edges, ascending and evenly spaced. */
  readonly edges: Float64Array;
  /** For each series, `B` counts. */
  readonly counts: readonly Float64Array[];
  /** For each series, the number of values that are not finite. */
  readonly left: readonly number[];
}

const MOST_BINS = 60;

/**
 * Counts the values of all series in the same bins.
 *
 * The width is that of Freedman and Diaconis ("On the histogram as a density
 * estimator", 1981) over all values together, `2 · IQR · n^(-1/3)`, or from the
 * standard deviation if half of the values are equal, rounded to 1, 2 or 5
 * times a power of ten. Integers get bins of integer width around them.
 *
 * @param series The series.
 * @returns Edges and counts; no bins if no value is finite.
 */
export function sharedBins(series: HistogramSpec["series"]): Bins {
  const finite = series.map(({ values }) =>
    Float64Array.from(values).filter(Number.isFinite)
  );
  const left = series.map(({ values }, i) => values.length - finite[i]!.length);
  const all = new Float64Array(
    finite.reduce((sum, values) => sum + values.length, 0),
  );
  let at = 0;
  for (const values of finite) {
    all.set(values, at);
    at += values.length;
  }
  all.sort();
  if (all.length === 0) {
    return {
      edges: new Float64Array(0),
      counts: finite.map(() => new Float64Array(0)),
      left,
    };
  }
  const edges = edgesOf(all);
  const counts = finite.map((values) => countsOf(values, edges));
  return { edges, counts, left };
}

function edgesOf(sorted: Float64Array): Float64Array {
  const low = sorted[0]!;
  const high = sorted[sorted.length - 1]!;
  if (high - low < 1e-300) { // equal, or too close for float64
    const least = Math.max(Math.abs(low) / 20, 1e-300);
    const half = Number.isSafeInteger(low) ? 0.5 : least;
    const most = Number.MAX_VALUE;
    return Float64Array.of(
      Math.max(-most, low - half),
      Math.min(most, high + half),
    );
  }
  const isWhole = sorted.every(Number.isSafeInteger);
  if (isWhole && high - low < MOST_BINS) {
    return Float64Array.from(
      { length: high - low + 2 },
      (_, i) => low + i - 0.5,
    );
  }
  const range = high - low;
  if (!Number.isFinite(range)) return evenEdges(low, high);
  const wanted = Math.max(widthOf(sorted), range / MOST_BINS);
  const nice = niceStep(isWhole ? Math.max(1, wanted) : wanted);
  const step = valueAt(1, nice);
  const first = Math.floor(low / step);
  const count = Math.floor(high / step) - first + 1;
  // Far from zero, steps are below the precision of the values; huge values
  // overflow.
  if (!Number.isFinite(step) || Math.abs(first) > 2 ** 40) {
    return evenEdges(low, high);
  }
  const shift = isWhole ? 0.5 : 0; // integers are in the middle of a bin
  return Float64Array.from(
    { length: count + 1 },
    (_, i) => valueAt(first + i, nice) - shift,
  );
}

function evenEdges(low: number, high: number): Float64Array {
  const count = 30;
  return Float64Array.from(
    { length: count + 1 },
    (_, i) => low * (1 - i / count) + high * (i / count),
  );
}

function widthOf(sorted: Float64Array): number {
  const n = sorted.length;
  const spread = sorted[Math.floor(0.75 * (n - 1))]! -
    sorted[Math.floor(0.25 * (n - 1))]!;
  if (spread > 0) return 2 * spread * n ** (-1 / 3);
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const variance = sorted.reduce(
    (sum, value) => sum + (value - mean) ** 2 / n,
    0,
  );
  return 3.49 * Math.sqrt(variance) * n ** (-1 / 3);
}

function countsOf(values: Float64Array, edges: Float64Array): Float64Array {
  const last = edges.length - 2;
  const counts = new Float64Array(last + 1);
  const low = edges[0]!;
  const scale = 1 / (edges[last + 1]! / 2 - low / 2);
  for (const value of values) {
    const share = (value / 2 - low / 2) * scale;
    let bin = Math.min(last, Math.max(0, Math.floor(share * (last + 1))));
    // The division rounds, so compare with the edges.
    while (bin < last && value >= edges[bin + 1]!) bin++;
    while (bin > 0 && value < edges[bin]!) bin--;
    counts[bin]!++;
  }
  return counts;
}
