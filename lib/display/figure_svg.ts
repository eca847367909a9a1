/**
 * Figures as SVG, by Observable Plot over a document of linkedom: no browser.
 *
 * Plot draws the axes and marks; title, notes, legend and colour bar are ours,
 * as Plot makes HTML of them and its own colour bar needs a canvas. Both
 * libraries are loaded with the first figure.
 *
 * @module
 */
import type { Markish, PlotOptions } from "@observablehq/plot";
import { dataUrl } from "./base64.ts";
import { escapeMarkup, numberText } from "./cell.ts";
import { colorStops } from "./color_map.ts";
import {
  type HeatmapData,
  heatmapData,
  histogramData,
  type PointsData,
  pointsData,
} from "./figure_data.ts";
import { mapsSvg } from "./maps_svg.ts";
import { matrixPng } from "./raster.ts";
import { frameSvg, type Picture } from "./svg_frame.ts";
import type {
  FigureSpec,
  HeatmapSpec,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

type Plot = typeof import("@observablehq/plot");
type Drawing = (plot: Plot) => PlotOptions & { width: number; height: number };

const MARGIN_TOP = 8; // above heat maps
const WIDTH = 616; // of the plot; 640 with the margins of the frame
const GRID = { grid: true, labelArrow: "none" } as const;

/**
 * Draws a figure.
 *
 * @param spec The figure.
 * @returns The SVG and its size.
 */
export async function figureSvg(spec: FigureSpec): Promise<Picture> {
  switch (spec.kind) {
    case "histogram":
      return await histogramSvg(spec);
    case "scatter":
      return await pointsSvg(spec, pointsData(spec.groups));
    case "lines":
      return await pointsSvg(spec, pointsData(spec.lines));
    case "heatmap":
      return await heatmapSvg(spec);
    case "maps":
      return mapsSvg(spec);
  }
}

async function histogramSvg(spec: HistogramSpec): Promise<Picture> {
  const { edges, series, yLabel, notes } = histogramData(spec);
  const height = 300;
  const body = await draw((plot) => ({
    width: WIDTH,
    height,
    marginBottom: 44,
    x: { ...GRID, grid: false, label: spec.xLabel, labelAnchor: "center" },
    y: { ...GRID, label: yLabel, zero: true, ticks: 6 },
    marks: [
      ...series.map(({ heights, color }) =>
        plot.rectY(Array.from(heights, (_, i) => i), {
          x1: (i: number) => edges[i],
          x2: (i: number) => edges[i + 1],
          y: (i: number) => heights[i],
          fill: color,
          fillOpacity: series.length > 1 ? 0.55 : 0.85,
          inset: 0.5,
        })
      ),
      plot.ruleY([0], { stroke: "#888" }),
    ],
  }));
  const legend = series.length > 1 ? series : [];
  return frameSvg({
    title: spec.title,
    notes,
    legend,
    body: [body],
    width: WIDTH,
    height,
  });
}

async function pointsSvg(
  spec: ScatterSpec | LinesSpec,
  { groups, notes }: PointsData,
): Promise<Picture> {
  const isScatter = spec.kind === "scatter";
  const height = isScatter ? 440 : 340;
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  const body = await draw((plot) => ({
    width: WIDTH,
    height,
    marginBottom: 44,
    nice: true,
    x: { ...GRID, label: spec.xLabel, labelAnchor: "center" },
    y: { ...GRID, label: spec.yLabel, ticks: 6 },
    marks: groups.map(({ x, y, color }): Markish => {
      const rows = Array.from(x, (_, i) => i);
      const place = { x: (i: number) => x[i], y: (i: number) => y[i] };
      return isScatter
        ? plot.dot(rows, {
          ...place,
          r: count > 1500 ? 1.8 : 2.6,
          fill: color,
          fillOpacity: 0.75,
        })
        : plot.lineY(rows, { ...place, stroke: color, strokeWidth: 1.8 });
    }),
  }));
  const legend = groups.length > 1 ? groups : [];
  return frameSvg({
    title: spec.title,
    notes,
    legend,
    body: [body],
    width: WIDTH,
    height,
  });
}

async function heatmapSvg(spec: HeatmapSpec): Promise<Picture> {
  const data = heatmapData(spec);
  if (data.height * data.width === 0) {
    return frameSvg({ title: spec.title, notes: ["no values"], body: [] });
  }
  const cell = Math.min(500 / data.width, 400 / data.height, 34);
  const inner = {
    width: Math.round(Math.max(cell * data.width, 180)),
    height: Math.round(Math.max(cell * data.height, 120)),
  };
  const longest = Math.max(4, ...(data.yTicks ?? []).map((t) => t.length));
  const margin = { left: 30 + Math.min(7 * longest, 170), bottom: 40 };
  const width = inner.width + margin.left + 10;
  const height = inner.height + margin.bottom + MARGIN_TOP;
  const url = dataUrl("image/png", matrixPng(data, spec.diverging ?? false));
  const body = await draw((plot) => ({
    width,
    height,
    marginLeft: margin.left,
    marginRight: 10,
    marginTop: MARGIN_TOP,
    marginBottom: margin.bottom,
    x: axisOf(
      data.width,
      data.factor[1],
      spec.xLabel,
      data.xTicks,
      inner.width,
    ),
    y: {
      ...axisOf(
        data.height,
        data.factor[0],
        spec.yLabel,
        data.yTicks,
        inner.height,
      ),
      reverse: true,
    },
    marks: [
      plot.image([0], {
        x: () => data.width / 2 - 0.5,
        y: () => data.height / 2 - 0.5,
        src: () => url,
        width: inner.width,
        height: inner.height,
        preserveAspectRatio: "none",
        imageRendering: "optimizeSpeed",
      }),
      ...(data.annotated ? [annotation(plot, data, inner)] : []),
    ],
  }));
  return frameSvg({
    title: spec.title,
    notes: data.notes,
    body: [
      body,
      colorBar(data.range, spec.diverging ?? false, width, inner.height),
    ],
    width: width + 84,
    height,
  });
}

function axisOf(
  count: number,
  factor: number,
  label: string,
  names: readonly string[] | undefined,
  room: number,
): NonNullable<PlotOptions["x"]> {
  // At most one tick every 16 pixels, on whole cells.
  const least = Math.max(1, Math.ceil(count / (room / 28)));
  const step = names === undefined
    ? [1, 2, 5, 10, 20, 50, 100].find((size) => size >= least) ?? least
    : Math.max(1, Math.ceil(count / (room / 14)));
  const ticks: number[] = [];
  for (let i = 0; i < count; i += step) ticks.push(i);
  return {
    domain: [-0.5, count - 0.5],
    ticks,
    tickFormat: (i: number) => names?.[i] ?? String(i * factor),
    label,
    labelAnchor: "center",
    labelArrow: "none",
  };
}

function annotation(
  plot: Plot,
  { z, width, height, range: [low, high] }: HeatmapData,
  inner: { readonly width: number; readonly height: number },
): Markish {
  const size = Math.min(inner.width / width / 3, inner.height / height / 2, 11);
  // Light ink on the dark end of the colours.
  const isDark = (i: number) => (z[i]! - low) / (high - low || 1) < 0.5;
  return plot.text(Array.from({ length: width * height }, (_, i) => i), {
    x: (i: number) => i % width,
    y: (i: number) => Math.floor(i / width),
    text: (i: number) => numberText(z[i]!),
    fill: (i: number) => isDark(i) ? "#fff" : "#000",
    fontSize: Math.max(6, size),
  });
}

function colorBar(
  [low, high]: readonly [number, number],
  diverging: boolean,
  x: number,
  height: number,
): string {
  const stops = colorStops(diverging).map(([at, color]) =>
    `<stop offset="${at}" stop-color="${color}"/>`
  );
  const label = (share: number) => {
    const value = low * (1 - share) + high * share;
    return `<text x="20" y="${
      MARGIN_TOP + height * (1 - share) + 4
    }" font-size="10" fill="#444">${escapeMarkup(numberText(value))}</text>`;
  };
  return `<g transform="translate(${
    x + 6
  },0)"><defs><linearGradient id="bar" x1="0" y1="1" x2="0" y2="0">${
    stops.join("")
  }</linearGradient></defs><rect x="0" y="${MARGIN_TOP}" width="14" height="${height}" fill="url(#bar)"/>${
    [0, 0.5, 1].map(label).join("")
  }</g>`;
}

/** Draws with Plot; what it gives is an `svg` element. */
async function draw(drawing: Drawing): Promise<string> {
  const plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const page: unknown = parseHTML("<html><body></body></html>");
  const { document } = page as {
    document: NonNullable<PlotOptions["document"]>;
  };
  const element: unknown = plot.plot({
    document,
    style: { fontSize: "11px", color: "#333" },
    ...drawing(plot),
  });
  return cleaned((element as { readonly outerHTML: string }).outerHTML);
}

/** Takes out what depends on the run or on a page around. */
function cleaned(svg: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/ class="[^"]*"/g, "")
    .replace(/font-family="[^"]*"/g, "");
}
