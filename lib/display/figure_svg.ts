/**
 * Figures as SVG, by Observable Plot over a document of linkedom: no browser.
 *
 * Plot draws ticks, grids and marks. Axes are laid out here, from measured
 * labels, and Plot gets positions as shares of an axis; titles, notes, legend
 * and colour bar are ours too, as Plot makes HTML of them. Both libraries are
 * loaded with the first figure.
 *
 * @module
 */
import { extremes } from "../math/statistics.ts";
import type { Markish, PlotOptions } from "@observablehq/plot";
import {
  type Axis,
  axisOf,
  indexAxis,
  type LabelledAxis,
  shareOf,
} from "./axis.ts";
import { dataUrl } from "./base64.ts";
import { digitsOf, shortText } from "./cell.ts";
import { colorBar } from "./color_bar.ts";
import {
  type HeatmapData,
  heatmapData,
  histogramData,
  pointsData,
} from "./figure_data.ts";
import { imagesSvg } from "./images_svg.ts";
import { matrixPng } from "./raster.ts";
import {
  frameSvg,
  type LegendEntry,
  MARGIN,
  type SvgImage,
  svgText,
} from "./svg_frame.ts";
import { fitText, textWidth, widestText } from "./text_width.ts";
import { type Theme, themeOf } from "./theme.ts";
import type {
  ChartFrame,
  FigureSpec,
  GridSpec,
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

type Plot = typeof import("@observablehq/plot");

const WIDTH = 640; // of a figure that names no other
const TICK_SIZE = 11; // of the font of tick labels
const LABEL_SIZE = 11; // of the font of axis labels
const TICK = 9; // from an axis to its tick labels: the tick and a gap
const TOP = 8; // above the axes: half a label
const OPACITY = 0.85;

/**
 * Draws a figure.
 *
 * @param spec The figure.
 * @returns The SVG and its size.
 */
export async function figureSvg(spec: FigureSpec): Promise<SvgImage> {
  switch (spec.kind) {
    case "histogram":
      return await histogramSvg(spec);
    case "scatter":
    case "lines":
      return await pointsSvg(spec);
    case "heatmap":
      return await heatmapSvg(spec);
    case "images":
      return imagesSvg(spec);
    case "grid":
      return await gridSvg(spec);
  }
}

const GRID_WIDTHS = [664, 880, 984]; // of one, two, three figures in a row
const GRID_GAP = 4; // figures have margins of their own

/**
 * The width of each figure of a grid, unless the figure names its own.
 *
 * @param grid The grid.
 * @returns The width in CSS pixels.
 */
export function columnWidth({ columns, figureWidth }: GridSpec): number {
  const whole = figureWidth ?? GRID_WIDTHS[columns - 1] ?? 320 * columns;
  return Math.floor((whole - 2 * MARGIN + GRID_GAP) / columns) - GRID_GAP;
}

async function gridSvg(grid: GridSpec): Promise<SvgImage> {
  const { title, notes = [], caption, columns } = grid;
  const body: string[] = [];
  let [width, y] = [0, 0];
  for (let from = 0; from < grid.figures.length; from += columns) {
    let [x, height] = [0, 0];
    for (const figure of grid.figures.slice(from, from + columns)) {
      const image = await figureSvg({
        ...figure,
        theme: figure.theme ?? grid.theme,
        figureWidth: figure.figureWidth ?? columnWidth(grid),
      });
      body.push(image.svg.replace("<svg", `<svg x="${x}" y="${y}"`));
      x += Math.max(image.width, columnWidth(grid)) + GRID_GAP;
      height = Math.max(height, image.height);
    }
    width = Math.max(width, x - GRID_GAP);
    y += height;
  }
  const theme = themeOf(grid.theme);
  return frameSvg({ title, notes, caption, theme, body, width, height: y });
}

async function histogramSvg(spec: HistogramSpec): Promise<SvgImage> {
  const { edges, series, yLabel, isShare, notes } = histogramData(spec);
  const highest = Math.max(
    0,
    ...series.map(({ heights }) =>
      heights.reduce((most, height) => Math.max(most, height), 0)
    ),
  );
  return await chartSvg({ ...spec, yLabel, notes }, {
    aspect: 0.49,
    legend: series,
    x: [edges[0] ?? 0, edges.at(-1) ?? 1],
    y: [0, highest || 1],
    yOptions: { isNice: true, isWhole: !isShare },
    marks: (plot, atX, atY, theme) => [
      ...series.map(({ heights, color }) =>
        plot.rectY(Array.from(heights, (_, i) => i), {
          x1: (i: number) => atX(edges[i]!),
          x2: (i: number) => atX(edges[i + 1]!),
          y1: () => 0,
          y2: (i: number) => atY(heights[i]!),
          fill: color,
          fillOpacity: series.length > 1 ? 0.55 : OPACITY,
          inset: 0.5,
        })
      ),
      plot.ruleY([0], { stroke: theme.line }),
    ],
  });
}

async function pointsSvg(spec: ScatterSpec | LinesSpec): Promise<SvgImage> {
  const { groups, notes } = pointsData(spec);
  const isScatter = spec.kind === "scatter";
  const range = (axis: "x" | "y") =>
    extremes(groups.flatMap((group) => [...extremes(group[axis]) ?? []])) ??
      [0, 1];
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  return await chartSvg({ ...spec, notes }, {
    aspect: isScatter ? 0.71 : 0.55,
    legend: groups,
    x: range("x"),
    y: range("y"),
    xOptions: { isNice: true },
    yOptions: { isNice: true },
    marks: (plot, atX, atY) =>
      groups.map(({ x, y, color }): Markish => {
        const rows = Array.from(x, (_, i) => i);
        const at = {
          x: (i: number) => atX(x[i]!),
          y: (i: number) => atY(y[i]!),
        };
        return isScatter
          ? plot.dot(rows, {
            ...at,
            r: count > 1500 ? 1.8 : 2.6,
            fill: color,
            fillOpacity: 0.75,
          })
          : plot.lineY(rows, { ...at, stroke: color, strokeWidth: 1.8 });
      }),
  });
}

/** What is between the axes of a chart, and how these are. */
interface Chart {
  /** Height by width. */
  readonly aspect: number;
  /** Shown where there is more than one. */
  readonly legend: readonly LegendEntry[];
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  readonly xOptions?: { readonly isNice: boolean };
  readonly yOptions?: { readonly isNice: boolean; readonly isWhole?: boolean };
  readonly marks: (
    plot: Plot,
    atX: (value: number) => number,
    atY: (value: number) => number,
    theme: Theme,
  ) => Markish[];
}

async function chartSvg(spec: ChartFrame, chart: Chart): Promise<SvgImage> {
  const { figureWidth = WIDTH, title, notes = [], caption } = spec;
  const theme = themeOf(spec.theme);
  const width = figureWidth - 2 * MARGIN;
  const height = Math.round(Math.max(160, width * chart.aspect));
  const count = Math.max(2, Math.round(height / 45));
  const y = axisOf(...chart.y, { ...chart.yOptions, count });
  const x = xAxis(chart, width - 60);
  const margins = marginsOf(spec, x, y.labels, 0.7 * width);
  const body = await draw(spec, { width, height, margins, theme, x, y }, (
    plot,
  ) =>
    chart.marks(
      plot,
      (value) => shareOf(value, x.domain),
      (value) => shareOf(value, y.domain),
      theme,
    ));
  const legend = chart.legend.length > 1 ? chart.legend : [];
  const frame = { title, notes, legend, caption, theme };
  return frameSvg({ ...frame, body, width, height });
}

/** As many ticks as have room for their labels side by side. */
function xAxis({ x, xOptions }: Chart, room: number): Axis {
  let axis = axisOf(...x, { ...xOptions, count: 10 });
  const fits = ({ labels }: Axis) =>
    (widestText(labels, TICK_SIZE) + 12) * labels.length <= room;
  for (let count = 9; count >= 2 && !fits(axis); count--) {
    axis = axisOf(...x, { ...xOptions, count });
  }
  while (axis.ticks.length > 1 && !fits(axis)) {
    const isKept = (_: unknown, i: number) => i % 2 === 0;
    const [ticks, labels] = [axis.ticks, axis.labels];
    axis = {
      ...axis,
      ticks: ticks.filter(isKept),
      labels: labels.filter(isKept),
    };
  }
  return axis;
}

interface Margins {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** Room for tick labels and axis labels, around axes of about some width. */
function marginsOf(
  { xLabel, yLabel }: ChartFrame,
  { ticks, labels, isRotated = false }: LabelledAxis,
  yLabels: readonly string[],
  innerWidth: number,
): Margins {
  const title = (label: string) => label === "" ? 0 : LABEL_SIZE + 7;
  const over = (label = "", share = 0) =>
    // beyond the end of the axis
    isRotated ? 0 : textWidth(label, TICK_SIZE) / 2 - share * innerWidth;
  const down = isRotated ? widestText(labels, TICK_SIZE) : TICK_SIZE;
  return {
    left: Math.ceil(Math.max(
      title(yLabel) + widestText(yLabels, TICK_SIZE) + TICK,
      over(labels[0], ticks[0]),
    )),
    right: Math.ceil(Math.max(8, over(labels.at(-1), 1 - ticks.at(-1)!))),
    bottom: Math.ceil(TICK + down + title(xLabel)),
  };
}

/** Everything within the frame of a figure. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly margins: Margins;
  readonly theme: Theme;
  readonly x: LabelledAxis;
  readonly y: Axis;
  /** What is free on the right of the width, for labels. @default {0} */
  readonly right?: number;
  /** Whether lines go from the ticks through the chart. @default {true} */
  readonly hasGrid?: boolean;
}

/** Draws axes and marks; what Plot gives is an `svg` element. */
async function draw(
  { xLabel, yLabel }: ChartFrame,
  { width, height, margins, theme, x, y, right = 0, hasGrid = true }: Layout,
  marks: (plot: Plot) => Markish[],
): Promise<string[]> {
  const plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const page: unknown = parseHTML("<html><body></body></html>");
  const { document } = page as {
    document: NonNullable<PlotOptions["document"]>;
  };
  const scale = (axis: Axis): PlotOptions["x"] => ({
    domain: [0, 1],
    ticks: axis.ticks,
    tickFormat: (_: number, i: number) => axis.labels[i] ?? "",
    label: null,
    grid: hasGrid,
  });
  const element: unknown = plot.plot({
    document,
    width,
    height,
    marginLeft: margins.left,
    marginRight: margins.right,
    marginTop: TOP,
    marginBottom: margins.bottom,
    style: { fontSize: `${TICK_SIZE}px`, color: theme.text },
    x: { ...scale(x), ...(x.isRotated ? { tickRotate: -90 } : {}) },
    y: scale(y)!,
    marks: marks(plot),
  });
  const { outerHTML } = element as { readonly outerHTML: string };
  const middle = 'text-anchor="middle"';
  const inner = {
    width: width - margins.left - margins.right,
    height: height - TOP - margins.bottom,
  };
  const label = (text: string, room: number, x: number, y: number, more = "") =>
    text === "" ? [] : [svgText(
      fitText(text, LABEL_SIZE, room),
      x,
      y,
      LABEL_SIZE,
      theme.text,
      `${middle}${more}`,
    )];
  const centre = margins.left + inner.width / 2;
  const down = TOP + inner.height / 2;
  return [
    cleaned(outerHTML),
    ...label(
      xLabel,
      2 * Math.min(centre, width + right - centre),
      centre,
      height - 4,
    ),
    ...label(
      yLabel,
      inner.height + 2 * TOP,
      LABEL_SIZE,
      down,
      ` transform="rotate(-90,${LABEL_SIZE},${down})"`,
    ),
  ];
}

async function heatmapSvg(spec: HeatmapSpec): Promise<SvgImage> {
  const { title, caption, figureWidth } = spec;
  const diverging = spec.diverging ?? false;
  const theme = themeOf(spec.theme);
  const data = heatmapData(spec);
  const frame = { title, notes: data.notes, caption, theme, figureWidth };
  if (data.height * data.width === 0) return frameSvg({ ...frame, body: [] });
  const across = (figureWidth ?? WIDTH) - 2 * MARGIN;
  const named = (names: readonly string[] | undefined) =>
    names?.map((name) => fitText(name, TICK_SIZE, 0.3 * across));
  const [columns, rows] = [named(data.xTicks), named(data.yTicks)];
  const bar = colorBar({ range: data.range, diverging, theme });
  const most = {
    width: Math.min(
      500,
      across - bar.width - 10 - LABEL_SIZE - 7 - TICK - 8 -
        widestText(rows ?? [String(spec.height)], TICK_SIZE),
    ),
    height: Math.min(400, across),
  };
  const inner = innerSize(data, most, spec.isSquare ?? false);
  const x = indexAxis({
    count: data.width,
    factor: data.factor[1],
    names: columns,
    room: inner.width,
    size: TICK_SIZE,
    isAcross: true,
  });
  const y = indexAxis({
    count: data.height,
    factor: data.factor[0],
    names: rows,
    room: inner.height,
    size: TICK_SIZE,
  });
  const down = { ...y, ticks: y.ticks.map((share) => 1 - share) };
  const margins = marginsOf(spec, x, y.labels, inner.width);
  const width = inner.width + margins.left + margins.right;
  const height = inner.height + TOP + margins.bottom;
  const right = bar.width;
  const shared = { margins, theme, right, hasGrid: false };
  const layout = { ...shared, width, height, x, y: down };
  const url = dataUrl("image/png", matrixPng(data, diverging));
  const body = await draw(spec, layout, (plot) => [
    plot.image([0], {
      x: () => 0.5,
      y: () => 0.5,
      src: () => url,
      width: inner.width,
      height: inner.height,
      preserveAspectRatio: "none",
      imageRendering: "optimizeSpeed",
    }),
    ...(data.annotated ? annotation(plot, data, inner, diverging) : []),
  ]);
  body.push(
    `<g transform="translate(${width + 2},${TOP})">${
      bar.draw(inner.height)
    }</g>`,
  );
  return frameSvg({ ...frame, body, width: width + 2 + bar.width, height });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Small matrices get larger cells; these are square where they must be. */
function innerSize(
  { width, height }: HeatmapData,
  most: Size,
  isSquare: boolean,
): Size {
  const least = { width: Math.min(most.width, 180), height: 120 };
  const largest = Math.min(most.width / width, most.height / height);
  const cell = isSquare
    ? Math.min(largest, Math.max(34, least.width / Math.max(width, height)))
    : Math.min(largest, 34);
  if (isSquare) {
    return {
      width: Math.round(cell * width),
      height: Math.round(cell * height),
    };
  }
  return {
    width: Math.round(Math.max(cell * width, least.width)),
    height: Math.round(Math.max(cell * height, least.height)),
  };
}

/** The values in the cells, where they have room. */
function annotation(
  plot: Plot,
  { z, width, height, range }: HeatmapData,
  inner: Size,
  diverging: boolean,
): Markish[] {
  const digits = Math.max(4, digitsOf(...range));
  const texts = Array.from(z, (value) => shortText(value, digits));
  const fontSize = Math.min(
    (inner.width / width - 4) / widestText(texts, 1),
    inner.height / height - 4,
    11,
  );
  if (fontSize < 6) return [];
  const isDark = (value: number) => {
    const share = shareOf(value, range);
    return diverging ? Math.abs(share - 0.5) > 0.35 : share < 0.5;
  };
  return [plot.text(texts.map((_, i) => i), {
    x: (i: number) => (i % width + 0.5) / width,
    y: (i: number) => 1 - (Math.floor(i / width) + 0.5) / height,
    text: (i: number) => texts[i]!,
    fill: (i: number) => isDark(z[i]!) ? "#fff" : "#000",
    fontSize,
  })];
}

/** Leaves out what depends on the run or on a page around. */
function cleaned(svg: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/ class="[^"]*"/g, "")
    .replace(/font-family="[^"]*"/g, "");
}
