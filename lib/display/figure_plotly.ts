/**
 * Figures as data for plotly, for pages in which scripts run.
 *
 * @module
 */
import { extremes } from "../math/statistics.ts";
import { digitsOf, shortText } from "./cell.ts";
import { histogramData, pointsData } from "./figure_data.ts";
import { heatmapPlotly } from "./plotly_heatmap.ts";
import {
  axis,
  encode,
  hoverFormat,
  type Json,
  layoutOf,
  NARROW,
  type PlotlyFigure,
  plotlyText,
  steps,
  WIDTH,
} from "./plotly_layout.ts";
import { fitText } from "./text_width.ts";
import type {
  FigureFrame,
  FigureSpec,
  Guide,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

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
    // An outline keeps bars visible that are lower than a pixel.
    marker: {
      color,
      line: {
        color,
        width: Array.from(heights, (n) => n > 0 && n < highest / 200 ? 1 : 0),
      },
    },
    opacity: series.length > 1 ? 0.55 : 0.85,
    hovertext: starts.map((low, i) =>
      `${shortText(low, digits)} to ${shortText(edges[i + 1]!, digits)}`
    ),
    hovertemplate: `%{hovertext}<br>%{y${hoverFormat([0, highest])}}`,
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
  const range = (axis: "x" | "y") =>
    extremes(groups.flatMap((group) => [...extremes(group[axis]) ?? []]));
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
      ? `%{x${hoverFormat(range("x"))}}, %{y${hoverFormat(range("y"))}}`
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

function sizeOf(
  { figureWidth = WIDTH }: FigureFrame,
  height: number,
): [width: number, height: number] {
  return [
    figureWidth,
    figureWidth < NARROW ? Math.round(height * 0.8) : height,
  ];
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

/** Shortens a name in a legend, to leave space for the plot. */
function nameText(name: string): string {
  return plotlyText(fitText(name, 12, 180));
}
