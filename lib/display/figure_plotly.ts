/**
 * Figures as data for plotly, for pages in which scripts run.
 *
 * Numbers are base64 of their bytes, which plotly reads and JSON keeps exact.
 * Backgrounds are transparent; the script on the page sets the ink. Numbers at
 * axes have exponents: plotly's default would write 3.4e-11 as "34p".
 *
 * @module
 */
import { toBase64 } from "./base64.ts";
import { digitsOf, shortText } from "./cell.ts";
import { colorStops } from "./color_map.ts";
import { heatmapData, histogramData, pointsData } from "./figure_data.ts";
import { fitText, wrapText } from "./text_width.ts";
import type {
  ChartFrame,
  FigureFrame,
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
const WIDTH = 640; // of a figure that names no other
const NARROW = 480; // below it, the legend is under the plot
const TITLE = 15; // font size
const NUMBERS = { exponentformat: "e", separatethousands: true } as const;

/**
 * Describes a figure for plotly.
 *
 * @param spec The figure.
 * @returns Data and layout; undefined for grids, which are no single plot.
 */
export function figurePlotly(spec: FigureSpec): PlotlyFigure | undefined {
  switch (spec.kind) {
    case "histogram":
      return histogramPlotly(spec);
    case "scatter":
    case "lines":
      return pointsPlotly(spec);
    case "heatmap":
      return heatmapPlotly(spec);
    case "images":
    case "grid":
      return undefined;
  }
}

function histogramPlotly(spec: HistogramSpec): PlotlyFigure {
  const { edges, series, yLabel, notes } = histogramData(spec);
  const starts = Array.from(edges.subarray(0, -1));
  const digits = digitsOf(edges[0] ?? 0, edges.at(-1) ?? 0);
  const data = series.map(({ name, color, heights }) => ({
    type: "bar",
    name: nameText(name),
    x: encode(starts.map((low, i) => low / 2 + edges[i + 1]! / 2)),
    width: encode(starts.map((low, i) => edges[i + 1]! - low)),
    y: encode(heights),
    marker: { color },
    opacity: series.length > 1 ? 0.55 : 0.85,
    hovertext: starts.map((low, i) =>
      `${shortText(low, digits)} to ${shortText(edges[i + 1]!, digits)}`
    ),
    hovertemplate: "%{hovertext}<br>%{y:.4~g}",
  }));
  const layout = {
    ...layoutOf({ ...spec, notes }, 380, series.length > 1),
    barmode: "overlay",
    bargap: 0,
    xaxis: axis(spec.xLabel, spec),
    yaxis: axis(yLabel, spec),
  };
  return { data, layout };
}

function pointsPlotly(spec: ScatterSpec | LinesSpec): PlotlyFigure {
  const isScatter = spec.kind === "scatter";
  const { groups, notes } = pointsData(spec);
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  const data = groups.map(({ name, color, x, y, details, images }) => ({
    type: "scatter",
    name: nameText(name),
    x: encode(x),
    y: encode(y),
    ...(details === undefined ? {} : {
      hovertext: details.map((lines) => lines.map(plotlyText).join("<br>")),
    }),
    ...(images === undefined ? {} : { customdata: [...images] }),
    hovertemplate: details === undefined
      ? "%{x:.4~g}, %{y:.4~g}"
      : "%{hovertext}<extra></extra>",
    ...(isScatter
      ? {
        mode: "markers",
        marker: { color, size: count > 1500 ? 4 : 6, opacity: 0.75 },
      }
      : { mode: "lines", line: { color, width: 2 } }),
  }));
  const layout = {
    ...layoutOf({ ...spec, notes }, isScatter ? 500 : 400, groups.length > 1),
    xaxis: axis(spec.xLabel, spec),
    yaxis: axis(spec.yLabel, spec),
  };
  return { data, layout };
}

function heatmapPlotly(spec: HeatmapSpec): PlotlyFigure {
  const { z, height, width, factor, range, xTicks, yTicks, annotated, notes } =
    heatmapData(spec);
  const [rows, columns] = factor;
  const format = `:.${Math.max(4, digitsOf(...range))}~g`;
  const data = [{
    type: "heatmap",
    z: { ...encode(z), shape: `${height}, ${width}` },
    ...cells("x", xTicks, columns),
    ...cells("y", yTicks, rows),
    zmin: range[0],
    zmax: range[1],
    colorscale: colorStops(spec.diverging ?? false),
    colorbar: { thickness: 14, outlinewidth: 0, ...NUMBERS },
    hovertemplate: `${plotlyText(spec.yLabel)} %{y}<br>${
      plotlyText(spec.xLabel)
    } %{x}<br>%{z${format}}<extra></extra>`,
    ...(annotated && height * width <= 400
      ? { texttemplate: `%{z${format}}` }
      : {}),
  }];
  const isSquare = spec.isSquare ?? false;
  const layout = {
    ...layoutOf({ ...spec, notes }, heatmapHeight(spec, height, width), false),
    xaxis: {
      ...axis(spec.xLabel, spec),
      ...(xTicks === undefined ? {} : { type: "category" }),
      ...(isSquare ? { constrain: "domain" } : {}),
      showgrid: false,
    },
    yaxis: {
      ...axis(spec.yLabel, spec),
      ...(yTicks === undefined ? {} : { type: "category" }),
      ...(isSquare ? { scaleanchor: "x", constrain: "domain" } : {}),
      showgrid: false,
      autorange: "reversed",
    },
  };
  return { data, layout };
}

/** The middle of each cell, in rows or columns of the data, or its name. */
function cells(
  axis: "x" | "y",
  names: readonly string[] | undefined,
  factor: number,
): { readonly [key: string]: Json } {
  if (names === undefined) {
    return { [`${axis}0`]: (factor - 1) / 2, [`d${axis}`]: factor };
  }
  const seen = new Map<string, number>();
  const unique = names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return plotlyText(count === 1 ? name : `${name} (${count})`);
  });
  return { [axis]: unique };
}

function heatmapHeight(
  { figureWidth = WIDTH, isSquare = false }: HeatmapSpec,
  rows: number,
  columns: number,
): number {
  if (isSquare) return Math.round(Math.min(figureWidth, 560) * 0.85);
  const cell = Math.min(
    500 / Math.max(1, columns),
    400 / Math.max(1, rows),
    34,
  );
  return Math.round(Math.max(cell * rows, 120)) + 110;
}

function layoutOf(
  { title, notes = [], figureWidth = WIDTH }: FigureFrame,
  height: number,
  isLegend: boolean,
): { readonly [key: string]: Json } {
  const room = figureWidth - 40; // for the buttons of plotly
  const lines = (text: string, size: number) =>
    text === "" ? [] : wrapText(text, size, room).map(plotlyText);
  const titles = lines(title, TITLE);
  const small = lines(notes.join(", "), 11);
  const isNarrow = figureWidth < NARROW;
  return {
    title: {
      text: [
        ...titles,
        ...small.map((line) => `<span style="font-size:11px">${line}</span>`),
      ].join("<br>"),
      x: 0.01,
      xanchor: "left",
      y: 1,
      yanchor: "top",
      yref: "container",
      pad: { t: 10 },
      font: { size: TITLE },
    },
    height: isNarrow ? Math.round(height * 0.8) : height,
    autosize: true,
    showlegend: isLegend,
    hovermode: "closest",
    hoverlabel: { namelength: -1 },
    ...(isNarrow ? { legend: { orientation: "h", y: -0.25 } } : {}),
    margin: {
      l: isNarrow ? 48 : 64,
      r: 16,
      t: 28 + 20 * titles.length + 16 * small.length,
      b: 52,
    },
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

function axis(
  label: string,
  { figureWidth = WIDTH }: Omit<ChartFrame, "yLabel">,
): { readonly [key: string]: Json } {
  return {
    title: { text: plotlyText(fitText(label, 14, 0.6 * figureWidth)) },
    gridcolor: GRID,
    zerolinecolor: GRID,
    automargin: true,
    ...NUMBERS,
  };
}

/** A name in a legend, which must leave room for the plot. */
function nameText(name: string): string {
  return plotlyText(fitText(name, 12, 180));
}

/** Numbers as plotly reads them: float32 where the figure is the same with it. */
function encode(values: ArrayLike<number>): { dtype: string; bdata: string } {
  const doubles = Float64Array.from(values);
  const finite = doubles.filter(Number.isFinite);
  const [low, high] = finite.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  const most = 1e-5 * (high! / 2 - low! / 2); // a hundredth of a pixel
  const fits = finite.every((value) =>
    Math.abs(Math.fround(value) - value) <= most
  );
  return fits
    ? { dtype: "f4", bdata: toBase64(Float32Array.from(doubles)) }
    : { dtype: "f8", bdata: toBase64(doubles) };
}

/** Plotly reads a few tags and entities in its texts; these are not meant. */
function plotlyText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll("%{", "%&#123;");
}
