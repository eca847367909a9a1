/**
 * Prepares the data of figures for plotly and static images: counts, subsamples
 * and colours, with notes on omitted or aggregated data.
 *
 * @module
 */
import { evenly } from "../math/evenly.ts";
import { sharedBins } from "./bins.ts";
import { lineText, middleText } from "./cell.ts";
import { groupColors, REST, valueRange } from "./color_map.ts";
import { shrink, type Shrunk } from "./raster.ts";
import type {
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  PointGroup,
  ScatterSpec,
} from "./view.ts";

const MOST_POINTS = 6000; // maximum points in one figure
const MOST_CELLS = 400; // rows and columns of one heat map
const MOST_NAME = 60; // maximum characters of a name in a legend
const MOST_TICK = 24; // maximum characters of a name on an axis

/** The note of a heat map whose cells are too small for their values. */
export const UNWRITTEN = "the cells are too small for their values";

/** Bars of a histogram. */
export interface HistogramData {
  /** `B + 1` edges. */
  readonly edges: Float64Array;
  /** Label of the heights. */
  readonly yLabel: string;
  /** Whether heights are fractions instead of counts. */
  readonly isShare: boolean;
  /** One a series, with `B` heights. */
  readonly series: readonly {
    readonly name: string;
    readonly color: string;
    readonly heights: Float64Array;
  }[];
  /** Notes for the reader. */
  readonly notes: readonly string[];
}

/**
 * Computes a histogram. Series of different length are shown as fractions.
 *
 * @param spec The figure.
 * @returns The bars.
 */
export function histogramData(spec: HistogramSpec): HistogramData {
  const { edges, counts, left } = sharedBins(spec.series);
  const colors = groupColors(spec.series.length);
  const totals = counts.map((bins) => bins.reduce((sum, n) => sum + n, 0));
  const isShare = totals.some((total) => total !== totals[0]);
  const notes = [...spec.notes ?? []];
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
  const yLabel = spec.yLabel ?? (isShare ? "share of the series" : "count");
  return { edges, yLabel, isShare, series, notes };
}

/** Points or curves, by group. */
export interface PointsData {
  /** One a group. */
  readonly groups: readonly DrawnGroup[];
  /** What a reader has to know; a new array. */
  readonly notes: string[];
}

/** Points of one colour, for drawing. */
export interface DrawnGroup extends PointGroup {
  readonly color: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Selects the points to draw: all finite ones, or an evenly spaced subset of
 * too many.
 *
 * @param spec The figure.
 * @returns The points.
 */
export function pointsData(spec: ScatterSpec | LinesSpec): PointsData {
  const groups = spec.kind === "scatter" ? spec.groups : spec.lines;
  const colors = groupColors(groups.length);
  const total = groups.reduce((sum, { x }) => sum + x.length, 0);
  const stride = Math.max(1, total / MOST_POINTS);
  let left = 0;
  let drawn = 0;
  const thinned = groups.map((group, i) => {
    const spread = evenly(group.x.length, group.x.length / stride);
    const rows = spread.filter((row) =>
      Number.isFinite(group.x[row]) && Number.isFinite(group.y[row])
    );
    left += spread.length - rows.length;
    drawn += rows.length;
    return {
      name: lineText(group.name, MOST_NAME),
      color: group.isRest === true ? REST : colors[i]!,
      x: Float64Array.from(rows, (row) => group.x[row]!),
      y: Float64Array.from(rows, (row) => group.y[row]!),
      details: group.details && rows.map((row) => group.details![row]!),
      images: group.images && rows.map((row) => group.images![row]!),
    };
  });
  const notes = [...spec.notes ?? []];
  if (stride > 1) notes.push(`${drawn} of ${total} points`);
  if (left > 0) notes.push(`not finite, left out: ${left}`);
  if (drawn === 0) notes.push("no points");
  return { groups: thinned, notes };
}

/** A heat map, prepared for drawing. */
export interface HeatmapData extends Shrunk {
  /** The range of the colours. */
  readonly range: readonly [low: number, high: number];
  /** Names of columns and rows, if any. */
  readonly xTicks?: readonly string[] | undefined;
  readonly yTicks?: readonly string[] | undefined;
  /** Whether values are written into the cells. */
  readonly annotated: boolean;
  /** Notes for the reader. */
  readonly notes: readonly string[];
}

/**
 * Reduces a heat map for drawing.
 *
 * @param spec The figure.
 * @returns The cells; large matrices as means over blocks.
 */
export function heatmapData(spec: HeatmapSpec): HeatmapData {
  const small = shrink(spec, MOST_CELLS);
  const [rows, columns] = small.factor;
  const notes = [...spec.notes ?? []];
  if (rows * columns > 1) {
    notes.push(
      `${spec.height} × ${spec.width}, each cell the mean of ${rows} × ${columns}`,
    );
  }
  const missing = Array.from(small.z).filter((v) => !Number.isFinite(v)).length;
  if (missing > 0) notes.push(`not finite: ${missing}`);
  if (small.z.length === 0) notes.push("no values");
  // A cell has the name of the first row of its block.
  const ticks = (names: readonly string[] | undefined, factor: number) =>
    names?.filter((_, i) => i % factor === 0)
      .map((name) => name === "" ? '""' : middleText(name, MOST_TICK));
  return {
    ...small,
    range: valueRange(small.z, spec.diverging ?? false),
    xTicks: ticks(spec.xTicks, columns),
    yTicks: ticks(spec.yTicks, rows),
    annotated: spec.annotated ?? false,
    notes,
  };
}
