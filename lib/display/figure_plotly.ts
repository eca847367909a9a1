/**
 * Figures as data for plotly, for pages in which scripts run.
 *
 * Numbers are base64-encoded bytes, which plotly supports and which are exact.
 * Backgrounds are transparent; the script on the page sets the text colour.
 * Axis numbers have exponents: plotly's default would write 3.4e-11 as "34p".
 *
 * @module
 */
import { printable } from "../check.ts";
import { extremes } from "../math/statistics.ts";
import { toBase64 } from "./base64.ts";
import { digitsOf, lineText, shortText } from "./cell.ts";
import { colorStops } from "./color_map.ts";
import {
  heatmapData,
  histogramData,
  pointsData,
  UNWRITTEN,
} from "./figure_data.ts";
import { fitText, widestText } from "./text_width.ts";
import type {
  FigureFrame,
  FigureSpec,
  Guide,
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

/** JSON data. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A figure for plotly. */
export interface PlotlyFigure {
  /** The traces. */
  readonly data: readonly Json[];
  /** Axes and sizes; no title, because plotly does not wrap lines. */
  readonly layout: { readonly [key: string]: Json };
  /** Notes for the reader. */
  readonly notes: readonly string[];
}

const MISSING_COLOR = "rgb(150,150,150)"; // of values that are not finite
const GRID = "rgba(128,128,128,0.25)"; // visible on white and on black
const WIDTH = 640; // default width
const MOST_VALUES = 400; // cells with their values written
const NARROW = 480; // narrower plots have the legend below
const TICK = 12; // font size of tick labels
const LABEL = 12; // font size of axis labels
const MARGINS = { l: 48, r: 16, t: 30, b: 52 }; // the buttons are at the top
const NUMBERS = { exponentformat: "e", separatethousands: true } as const;

/**
 * Describes a figure for plotly.
 *
 * @param spec The figure.
 * @returns Data and layout; undefined for grids, which are not a single plot,
 * for values near the limit of float64, which plotly drops, and for heat maps
 * without a finite value, of which it draws nothing.
 */
export function figurePlotly(spec: FigureSpec): PlotlyFigure | undefined {
  if (hasHuge(spec)) return undefined;
  switch (spec.kind) {
    case "histogram":
      return histogramPlotly(spec);
    case "scatter":
    case "lines":
      return pointsPlotly(spec);
    case "heatmap":
      return extremes(spec.z) === undefined ? undefined : heatmapPlotly(spec);
    case "images":
    case "grid":
      return undefined;
  }
}

/** Plotly drops what is beyond 1.8e304. */
function hasHuge(spec: FigureSpec): boolean {
  const arrays = spec.kind === "histogram"
    ? spec.series.map(({ values }) => values)
    : spec.kind === "heatmap"
    ? [spec.z]
    : spec.kind === "scatter"
    ? spec.groups.flatMap(({ x, y }) => [x, y])
    : spec.kind === "lines"
    ? spec.lines.flatMap(({ x, y }) => [x, y])
    : [];
  const guides = spec.kind === "histogram" || spec.kind === "lines"
    ? spec.guides ?? []
    : [];
  return arrays.flatMap((values) => extremes(values) ?? [])
    .concat(guides.map(({ at }) => at)).some((value) =>
      Math.abs(value) > 1e300
    );
}

function histogramPlotly(spec: HistogramSpec): PlotlyFigure {
  const { edges, series, yLabel, isShare, notes } = histogramData(spec);
  const [width, height] = sizeOf(spec, 380);
  const highest = Math.max(
    0,
    ...series.map(({ heights }) =>
      heights.reduce((most, height) => Math.max(most, height), 0)
    ),
  );
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
    ...layoutOf(spec, height, series.length > 1),
    ...guideLines(spec.guides),
    barmode: "overlay",
    bargap: 0,
    xaxis: axis(spec.xLabel, width),
    yaxis: { ...axis(yLabel, height), ...(isShare ? {} : steps(highest, 5)) },
  };
  return { data, layout, notes };
}

function pointsPlotly(spec: ScatterSpec | LinesSpec): PlotlyFigure {
  const isScatter = spec.kind === "scatter";
  const { groups, notes } = pointsData(spec);
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  const pictured = groups.flatMap(({ images = [] }) => images)
    .filter((image) => image >= 0).length;
  if (pictured > 0 && pictured < count) {
    notes.push(`${pictured} of ${count} points show their image`);
  }
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
  const [width, height] = sizeOf(spec, isScatter ? 500 : 400);
  const layout = {
    ...layoutOf(spec, height, groups.length > 1),
    ...guideLines(spec.kind === "lines" ? spec.guides : undefined),
    xaxis: axis(spec.xLabel, width),
    yaxis: axis(spec.yLabel, height),
  };
  return { data, layout, notes };
}

function heatmapPlotly(spec: HeatmapSpec): PlotlyFigure {
  const { z, height, width, factor, range, xTicks, yTicks, annotated, notes } =
    heatmapData(spec);
  const [rows, columns] = factor;
  const named = (names: readonly string[] | undefined) =>
    names?.map((name) =>
      fitText(name, TICK, 0.3 * (spec.figureWidth ?? WIDTH))
    );
  const format = `:.${Math.max(4, digitsOf(...range))}~g`;
  const isCrowded = height * width > MOST_VALUES;
  const data = [{
    type: "heatmap",
    z: { ...encode(z), shape: `${height}, ${width}` },
    ...cells("x", named(xTicks), columns),
    ...cells("y", named(yTicks), rows),
    zmin: range[0],
    zmax: range[1],
    colorscale: colorStops(spec.diverging ?? false),
    colorbar: { thickness: 14, outlinewidth: 0, nticks: 5, ...NUMBERS },
    hovertemplate: `${plotlyText(spec.yLabel)} %{y}<br>${
      plotlyText(spec.xLabel)
    } %{x}<br>%{z${format}}<extra></extra>`,
    ...(annotated && !isCrowded ? { texttemplate: `%{z${format}}` } : {}),
  }];
  const isSquare = spec.isSquare ?? false;
  const [across, high] = heatmapSize(spec, height, width, xTicks);
  const side = (
    label: string,
    space: number,
    count: number,
    names?: unknown,
  ) => ({
    ...axis(label, space),
    ...(names === undefined ? steps(count, 10) : { type: "category" }),
    ...(isSquare ? { constrain: "domain" } : {}),
    showgrid: false,
  });
  const layout = {
    ...layoutOf(spec, high, false),
    // Plotly draws no cell for NaN; the grey behind it is that of static images.
    ...(Array.from(z).every(Number.isFinite)
      ? {}
      : { plot_bgcolor: MISSING_COLOR }),
    xaxis: {
      ...side(spec.xLabel, across, width * columns, xTicks),
      // Plotly's choice of 30 degrees would reach into the colour bar.
      ...(xTicks === undefined
        ? {}
        : { tickangle: areVertical(xTicks) ? -90 : 0 }),
    },
    yaxis: {
      ...side(spec.yLabel, high, height * rows, yTicks),
      ...(isSquare ? { scaleanchor: "x" } : {}),
      autorange: "reversed",
    },
  };
  const omitted = annotated && isCrowded ? [UNWRITTEN] : [];
  return { data, layout, notes: [...notes, ...omitted] };
}

/** The centre of each cell, in rows or columns of the data, or its name. */
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

function sizeOf(
  { figureWidth = WIDTH }: FigureFrame,
  height: number,
): [width: number, height: number] {
  return [
    figureWidth,
    figureWidth < NARROW ? Math.round(height * 0.8) : height,
  ];
}

/**
 * Whether names below columns are vertical. The plot is as wide as the static
 * image, whose cells measure 34 pixels at most where there are several.
 */
function areVertical(names: readonly string[]): boolean {
  const room = Math.max(180, Math.min(34 * names.length, 400));
  return (widestText(names, TICK) + 8) * names.length > room;
}

/** Height for column names that must be rotated. */
function heatmapSize(
  { figureWidth = WIDTH, isSquare = false }: HeatmapSpec,
  rows: number,
  columns: number,
  names: readonly string[] = [],
): [width: number, height: number] {
  const below = MARGINS.t + MARGINS.b +
    (areVertical(names) ? widestText(names, TICK) : 0);
  const cell = Math.min(
    500 / Math.max(1, columns),
    400 / Math.max(1, rows),
    34,
  );
  const height = isSquare
    ? Math.min(figureWidth, 560) * 0.75
    : Math.max(cell * rows, 120);
  return [figureWidth, Math.round(height + below)];
}

function layoutOf(
  { figureWidth = WIDTH }: FigureFrame,
  height: number,
  isLegend: boolean,
): { readonly [key: string]: Json } {
  return {
    height,
    autosize: true,
    showlegend: isLegend,
    hovermode: "closest",
    hoverlabel: { namelength: -1 },
    ...(figureWidth < NARROW ? { legend: { orientation: "h", y: -0.25 } } : {}),
    margin: MARGINS,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    // Readable on light and dark; the default depends on the paper's colour.
    modebar: {
      bgcolor: "rgba(0,0,0,0)",
      color: "rgba(128,128,128,0.6)",
      activecolor: "rgba(128,128,128,1)",
    },
  };
}

/** An axis whose label is limited to a length. */
function axis(
  label: string,
  length: number,
): { readonly [key: string]: Json } {
  const space = Math.max(60, length - 120);
  return {
    title: {
      text: plotlyText(fitText(lineText(label), LABEL, space)),
      font: { size: LABEL },
      standoff: 8, // from the longest tick label
    },
    gridcolor: GRID,
    zerolinecolor: GRID,
    automargin: true,
    ...NUMBERS,
  };
}

/** Dashed guide lines with labels. */
function guideLines(
  guides: readonly Guide[] = [],
): { readonly [key: string]: Json } {
  if (guides.length === 0) return {};
  const across = (axis: "x" | "y") => axis === "x" ? "y" : "x";
  return {
    shapes: guides.map(({ axis, at }) => ({
      type: "line",
      [`${axis}ref`]: axis,
      [`${axis}0`]: at,
      [`${axis}1`]: at,
      [`${across(axis)}ref`]: "paper",
      [`${across(axis)}0`]: 0,
      [`${across(axis)}1`]: 1,
      line: { dash: "dash", width: 1.5, color: "rgba(128,128,128,0.9)" },
    })),
    annotations: guides.map(({ axis, at, name }) => ({
      [`${axis}ref`]: axis,
      [axis]: at,
      [`${across(axis)}ref`]: "paper",
      [across(axis)]: 1,
      text: nameText(name),
      showarrow: false,
      xanchor: axis === "x" ? "left" : "right",
      yanchor: "top",
    })),
  };
}

/** Ticks at integers; plotly would add ticks between few of them. */
function steps(count: number, most: number): { dtick?: number } {
  return count <= most ? { dtick: 1 } : {};
}

/** Shortens a name in a legend, to leave space for the plot. */
function nameText(name: string): string {
  return plotlyText(fitText(name, 12, 180));
}

/** Encodes numbers for plotly: as float32 if the figure does not change. */
function encode(values: ArrayLike<number>): { dtype: string; bdata: string } {
  const doubles = Float64Array.from(values);
  const [low, high] = extremes(doubles) ?? [0, 0];
  const most = 1e-5 * (high - low); // a hundredth of a pixel
  const fits = doubles.every((value) =>
    !Number.isFinite(value) || Math.abs(Math.fround(value) - value) <= most
  );
  return fits
    ? { dtype: "f4", bdata: toBase64(Float32Array.from(doubles)) }
    : { dtype: "f8", bdata: toBase64(doubles) };
}

/**
 * Escapes text for plotly, which interprets a few tags, entities and formats.
 *
 * @param text The text.
 * @returns The escaped text.
 */
export function plotlyText(text: string): string {
  return printable(text, Infinity).replaceAll("&", "&amp;").replaceAll(
    "<",
    "&lt;",
  )
    .replaceAll(">", "&gt;").replaceAll("%{", "%&#123;");
}
