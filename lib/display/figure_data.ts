/**
 * What of a figure is drawn, by plotly and as a still picture alike: counted,
 * thinned out and coloured, with notes on whatever is not shown as it came.
 *
 * @module
 */
import { sharedBins } from "./bins.ts";
import { lineText } from "./cell.ts";
import { groupColors, valueRange } from "./color_map.ts";
import { shrink, type Shrunk } from "./raster.ts";
import type {
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

const MOST_POINTS = 6000; // in one figure
const MOST_CELLS = 400; // rows and columns of one heat map
const MOST_NAME = 60;

/** Bars of a histogram. */
export interface HistogramData {
  /** `B + 1` edges. */
  readonly edges: Float64Array;
  /** What the heights are. */
  readonly yLabel: string;
  /** One a series, with `B` heights. */
  readonly series: readonly {
    readonly name: string;
    readonly color: string;
    readonly heights: Float64Array;
  }[];
  /** What a reader must know besides. */
  readonly notes: readonly string[];
}

/**
 * Counts a histogram. Series of different length are shown as shares.
 *
 * @param spec The figure.
 * @returns The bars.
 */
export function histogramData(spec: HistogramSpec): HistogramData {
  const { edges, counts, left } = sharedBins(spec.series);
  const colors = groupColors(spec.series.length);
  const totals = counts.map((bins) => bins.reduce((sum, n) => sum + n, 0));
  const isShare = totals.some((total) => total !== totals[0]);
  const notes: string[] = [];
  left.forEach((count, i) => {
    if (count === 0) return;
    const name = lineText(spec.series[i]!.name, MOST_NAME);
    notes.push(`not finite, left out of "${name}": ${count}`);
  });
  if (edges.length === 0) notes.push("no finite values");
  const series = spec.series.map(({ name }, i) => ({
    name: lineText(name, MOST_NAME),
    color: colors[i]!,
    heights: isShare
      ? counts[i]!.map((n) => n / (totals[i]! || 1))
      : counts[i]!,
  }));
  return {
    edges,
    yLabel: isShare ? "share of the series" : "count",
    series,
    notes,
  };
}

/** Points or curves, by group. */
export interface PointsData {
  /** One a group. */
  readonly groups: readonly {
    readonly name: string;
    readonly color: string;
    readonly x: Float32Array;
    readonly y: Float32Array;
  }[];
  /** What a reader must know besides. */
  readonly notes: readonly string[];
}

/**
 * Takes points as far as they can be drawn: all finite ones, or evenly spread
 * ones of too many.
 *
 * @param groups The points.
 * @returns Points in float32, as screens need no more.
 */
export function pointsData(
  groups: ScatterSpec["groups"] | LinesSpec["lines"],
): PointsData {
  const colors = groupColors(groups.length);
  const total = groups.reduce((sum, { x }) => sum + x.length, 0);
  const stride = Math.max(1, total / MOST_POINTS);
  let left = 0;
  let drawn = 0;
  const thinned = groups.map(({ name, x, y }, i) => {
    const xs: number[] = [];
    const ys: number[] = [];
    const count = x.length === 0
      ? 0
      : Math.max(1, Math.ceil(x.length / stride));
    for (let k = 0; k < count; k++) {
      // The first and the last point always stay: a curve keeps its ends.
      const at = count === 1 ? 0 : Math.round(k * (x.length - 1) / (count - 1));
      if (!Number.isFinite(x[at]) || !Number.isFinite(y[at])) {
        left++;
        continue;
      }
      xs.push(x[at]!);
      ys.push(y[at]!);
      drawn++;
    }
    return {
      name: lineText(name, MOST_NAME),
      color: colors[i]!,
      x: Float32Array.from(xs),
      y: Float32Array.from(ys),
    };
  });
  const notes: string[] = [];
  if (stride > 1) notes.push(`${drawn} of ${total} points`);
  if (left > 0) notes.push(`not finite, left out: ${left}`);
  if (drawn === 0) notes.push("no points");
  return { groups: thinned, notes };
}

/** A heat map that can be drawn. */
export interface HeatmapData extends Shrunk {
  /** The range of the colours. */
  readonly range: readonly [low: number, high: number];
  /** Names of columns and rows, where they fit. */
  readonly xTicks?: readonly string[] | undefined;
  readonly yTicks?: readonly string[] | undefined;
  /** Whether values are written into the cells. */
  readonly annotated: boolean;
  /** What a reader must know besides. */
  readonly notes: readonly string[];
}

/**
 * Makes a heat map small enough to be drawn.
 *
 * @param spec The figure.
 * @returns The cells; large matrices as means over blocks.
 */
export function heatmapData(spec: HeatmapSpec): HeatmapData {
  const small = shrink(spec, MOST_CELLS);
  const [rows, columns] = small.factor;
  const notes: string[] = [];
  if (rows * columns > 1) {
    notes.push(
      `${spec.height} × ${spec.width}, each cell the mean of ${rows} × ${columns}`,
    );
  }
  const missing = Array.from(small.z).filter((v) => !Number.isFinite(v)).length;
  if (missing > 0) notes.push(`not finite: ${missing}`);
  const ticks = (names: readonly string[] | undefined, factor: number) =>
    factor > 1 ? undefined : names?.map((name) => lineText(name, 24));
  return {
    ...small,
    range: valueRange(small.z, spec.diverging ?? false),
    xTicks: ticks(spec.xTicks, columns),
    yTicks: ticks(spec.yTicks, rows),
    annotated: (spec.annotated ?? false) && small.height * small.width <= 400,
    notes,
  };
}
