/**
 * Figures as data for plotly, for pages in which scripts run.
 *
 * Numbers travel as base64 of their bytes, which plotly reads and JSON keeps
 * whole. Backgrounds are transparent; the script on the page gives the ink.
 *
 * @module
 */
import { toBase64 } from "./base64.ts";
import { numberText } from "./cell.ts";
import { colorStops } from "./color_map.ts";
import { heatmapData, histogramData, pointsData } from "./figure_data.ts";
import type {
  FigureSpec,
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

/** Plain data, as JSON has it. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What `Plotly.newPlot` takes. */
export interface PlotlyFigure {
  /** The traces. */
  readonly data: readonly Json[];
  /** Axes, title and sizes. */
  readonly layout: { readonly [key: string]: Json };
}

const GRID = "rgba(128,128,128,0.25)"; // visible on white and on black

/**
 * Describes a figure for plotly.
 *
 * @param spec The figure.
 * @returns Data and layout; undefined for grids of maps, which stay pictures.
 */
export function figurePlotly(spec: FigureSpec): PlotlyFigure | undefined {
  switch (spec.kind) {
    case "histogram":
      return histogramPlotly(spec);
    case "scatter":
      return pointsPlotly(spec, spec.groups);
    case "lines":
      return pointsPlotly(spec, spec.lines);
    case "heatmap":
      return heatmapPlotly(spec);
    case "maps":
      return undefined;
  }
}

function histogramPlotly(spec: HistogramSpec): PlotlyFigure {
  const { edges, series, yLabel, notes } = histogramData(spec);
  const starts = Array.from(edges.subarray(0, -1));
  const data = series.map(({ name, color, heights }) => ({
    type: "bar",
    name: plotlyText(name),
    x: encode(starts.map((low, i) => low / 2 + edges[i + 1]! / 2)),
    width: encode(starts.map((low, i) => edges[i + 1]! - low)),
    y: encode(heights),
    marker: { color },
    opacity: series.length > 1 ? 0.55 : 0.85,
    hovertext: starts.map((low, i) =>
      `${numberText(low)} to ${numberText(edges[i + 1]!)}`
    ),
    hovertemplate: "%{hovertext}<br>%{y:.4~g}",
  }));
  const layout = {
    ...layoutOf(spec.title, notes, 380, series.length > 1),
    barmode: "overlay",
    bargap: 0,
    xaxis: axis(spec.xLabel),
    yaxis: axis(yLabel),
  };
  return { data, layout };
}

function pointsPlotly(
  spec: ScatterSpec | LinesSpec,
  points: ScatterSpec["groups"],
): PlotlyFigure {
  const isScatter = spec.kind === "scatter";
  const { groups, notes } = pointsData(points);
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  const data = groups.map(({ name, color, x, y }) => ({
    type: "scatter",
    name: plotlyText(name),
    x: encode(x),
    y: encode(y),
    ...(isScatter
      ? {
        mode: "markers",
        marker: { color, size: count > 1500 ? 4 : 6, opacity: 0.75 },
      }
      : { mode: "lines", line: { color, width: 2 } }),
  }));
  const layout = {
    ...layoutOf(spec.title, notes, isScatter ? 500 : 400, groups.length > 1),
    xaxis: axis(spec.xLabel),
    yaxis: axis(spec.yLabel),
  };
  return { data, layout };
}

function heatmapPlotly(spec: HeatmapSpec): PlotlyFigure {
  const { z, height, width, factor, range, xTicks, yTicks, annotated, notes } =
    heatmapData(spec);
  const [rows, columns] = factor;
  const data = [{
    type: "heatmap",
    z: { ...encode(z), shape: `${height}, ${width}` },
    x0: (columns - 1) / 2, // the middle of a block, in columns of the original
    dx: columns,
    y0: (rows - 1) / 2,
    dy: rows,
    zmin: range[0],
    zmax: range[1],
    colorscale: colorStops(spec.diverging ?? false),
    colorbar: { thickness: 14, outlinewidth: 0 },
    hovertemplate: `${plotlyText(spec.yLabel)} %{y}<br>${
      plotlyText(spec.xLabel)
    } %{x}<br>%{z:.4~g}<extra></extra>`,
    ...(annotated ? { texttemplate: "%{z:.4~g}" } : {}),
  }];
  const layout = {
    ...layoutOf(spec.title, notes, heatmapHeight(height, width), false),
    xaxis: { ...axis(spec.xLabel), ...tickNames(xTicks), showgrid: false },
    yaxis: {
      ...axis(spec.yLabel),
      ...tickNames(yTicks),
      showgrid: false,
      autorange: "reversed",
    },
  };
  return { data, layout };
}

function heatmapHeight(rows: number, columns: number): number {
  const cell = Math.min(
    500 / Math.max(1, columns),
    400 / Math.max(1, rows),
    34,
  );
  return Math.round(Math.max(cell * rows, 120)) + 110;
}

function layoutOf(
  title: string,
  notes: readonly string[],
  height: number,
  isLegend: boolean,
): { readonly [key: string]: Json } {
  const below = notes.length === 0
    ? ""
    : `<br><span style="font-size:11px">${plotlyText(notes.join(", "))}</span>`;
  return {
    title: {
      text: plotlyText(title) + below,
      x: 0.01,
      xanchor: "left",
      font: { size: 15 },
    },
    height,
    autosize: true,
    showlegend: isLegend,
    hovermode: "closest",
    margin: { l: 64, r: 16, t: notes.length === 0 ? 48 : 64, b: 52 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    // Readable on light and dark alike; plotly's own goes by the paper's colour.
    modebar: {
      bgcolor: "rgba(0,0,0,0)",
      color: "rgba(128,128,128,0.6)",
      activecolor: "rgba(128,128,128,1)",
    },
  };
}

function axis(label: string): { readonly [key: string]: Json } {
  return {
    title: { text: plotlyText(label) },
    gridcolor: GRID,
    zerolinecolor: GRID,
    automargin: true,
  };
}

function tickNames(names: readonly string[] | undefined) {
  if (names === undefined) return {};
  return {
    tickmode: "array",
    tickvals: names.map((_, i) => i),
    ticktext: names.map(plotlyText),
  };
}

/** Numbers as plotly reads them: float32 where they fit. */
function encode(values: ArrayLike<number>): { dtype: string; bdata: string } {
  const fits = Array.from(values).every((value) =>
    !Number.isFinite(value) || Math.abs(value) < 3e38
  );
  return fits
    ? { dtype: "f4", bdata: toBase64(Float32Array.from(values)) }
    : { dtype: "f8", bdata: toBase64(Float64Array.from(values)) };
}

/** Plotly reads a few tags and entities in its texts; these are not meant. */
function plotlyText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll("%{", "%&#123;");
}
