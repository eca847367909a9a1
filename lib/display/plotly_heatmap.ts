/**
 * Heat maps for plotly.
 *
 * @module
 */
import { cellValues, innerSize } from "./cell_values.ts";
import { colorStops, inkOn } from "./color_map.ts";
import { type HeatmapData, heatmapData, UNWRITTEN } from "./figure_data.ts";
import {
  axis,
  encode,
  hoverFormat,
  type Json,
  layoutOf,
  MARGINS,
  NUMBERS,
  type PlotlyFigure,
  plotlyText,
  steps,
  TICK,
  WIDTH,
} from "./plotly_layout.ts";
import { fitText, widestText } from "./text_width.ts";
import type { HeatmapSpec } from "./view.ts";

const MISSING_COLOR = "rgb(150,150,150)"; // of values that are not finite
const SIDES = 150; // tick labels, axis label and colour bar

/**
 * Describes a heat map for plotly.
 *
 * @param spec The figure, with a finite value at least.
 * @returns Data and layout.
 */
export function heatmapPlotly(spec: HeatmapSpec): PlotlyFigure {
  const data = heatmapData(spec);
  const { z, height, width, factor, range, xTicks, yTicks, annotated } = data;
  const [rows, columns] = factor;
  const named = (names: readonly string[] | undefined) =>
    names?.map((name) =>
      fitText(name, TICK, 0.3 * (spec.figureWidth ?? WIDTH))
    );
  const written = annotated ? writtenValues(spec, data) : undefined;
  const trace = {
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
    } %{x}<br>%{z${hoverFormat(range)}}<extra></extra>`,
    ...written,
  };
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
  const isOmitted = annotated && written === undefined;
  const notes = isOmitted ? [...data.notes, UNWRITTEN] : data.notes;
  return { data: [trace], layout, notes };
}

/**
 * The values in the cells, each in the colour that can be read on its cell:
 * plotly would write dark grey on green. Undefined if there is no space.
 */
function writtenValues(
  { figureWidth = WIDTH, isSquare = false, diverging = false }: HeatmapSpec,
  data: HeatmapData,
): { readonly [key: string]: Json } | undefined {
  const { z, height, width, range } = data;
  const most = { width: Math.min(500, figureWidth - SIDES), height: 400 };
  const values = cellValues(data, innerSize(data, most, isSquare));
  if (values === undefined) return undefined;
  const cell = (i: number) =>
    `<span style="color:${inkOn(z[i]!, range, diverging)}">${
      plotlyText(values.labels[i]!)
    }</span>`;
  return {
    text: Array.from(
      { length: height },
      (_, row) =>
        Array.from(
          { length: width },
          (_, column) => cell(row * width + column),
        ),
    ),
    texttemplate: "%{text}",
    textfont: { size: values.fontSize },
  };
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
  // Plotly would draw cells of equal names over each other.
  const unique = new Set<string>();
  for (const name of names) {
    let text = name;
    for (let n = 2; unique.has(text); n++) text = `${name} (${n})`;
    unique.add(text);
  }
  return { [axis]: Array.from(unique, plotlyText) };
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
