/**
 * Histograms, points and curves as SVG.
 *
 * @module
 */
import type { Markish } from "@observablehq/plot";
import { extremes } from "../math/statistics.ts";
import { type Axis, axisOf, shareOf } from "./axis.ts";
import { histogramData, pointsData } from "./figure_data.ts";
import {
  marginsOf,
  type Plot,
  plotSvg,
  TICK_SIZE,
  TOP,
  WIDTH,
} from "./plot_axes.ts";
import {
  frameSvg,
  type LegendEntry,
  MARGIN,
  type SvgImage,
} from "./svg_frame.ts";
import { fitText, widestText } from "./text_width.ts";
import { type Theme, themeOf } from "./theme.ts";
import type {
  ChartFrame,
  Guide,
  HistogramSpec,
  LinesSpec,
  ScatterSpec,
} from "./view.ts";

const OPACITY = 0.85; // opacity of bars; lower if series overlap

/**
 * Draws a histogram.
 *
 * @param spec The figure.
 * @returns The SVG and its size.
 */
export async function histogramSvg(spec: HistogramSpec): Promise<SvgImage> {
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
    guides: spec.guides,
    x: [edges[0] ?? 0, edges.at(-1) ?? 1],
    // Space above the bars for the label of a guide.
    y: [0, (highest || 1) * (spec.guides?.length ? 1.15 : 1)],
    yOptions: { isNice: true, isWhole: !isShare },
    marks: (plot, atX, atY, { theme, pixel }) => [
      ...series.map(({ heights, color }) =>
        plot.rectY(Array.from(heights, (_, i) => i), {
          x1: (i: number) => atX(edges[i]!),
          x2: (i: number) => atX(edges[i + 1]!),
          y1: () => 0,
          // Few values among many are visible too.
          y2: (i: number) =>
            heights[i]! > 0 ? Math.max(atY(heights[i]!), pixel) : 0,
          fill: color,
          fillOpacity: series.length > 1 ? 0.55 : OPACITY,
          insetLeft: 0.5,
          insetRight: 0.5,
        })
      ),
      plot.ruleY([0], { stroke: theme.line }),
    ],
  });
}

/**
 * Draws points or curves.
 *
 * @param spec The figure.
 * @returns The SVG and its size.
 */
export async function pointsSvg(
  spec: ScatterSpec | LinesSpec,
): Promise<SvgImage> {
  const { groups, notes } = pointsData(spec);
  const isScatter = spec.kind === "scatter";
  const range = (axis: "x" | "y") =>
    padded(
      extremes(groups.flatMap((group) => [...extremes(group[axis]) ?? []])) ??
        [0, 1],
    );
  const count = groups.reduce((sum, { x }) => sum + x.length, 0);
  return await chartSvg({ ...spec, notes }, {
    aspect: isScatter ? 0.71 : 0.55,
    legend: groups,
    guides: spec.kind === "lines" ? spec.guides : undefined,
    x: range("x"),
    y: range("y"),
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

/** Extends a range at its ends, so that points are not on the axes. */
function padded([low, high]: readonly [number, number]): [number, number] {
  const room = 0.04 * (high / 2 - low / 2) * 2;
  const most = Number.MAX_VALUE;
  return [Math.max(-most, low - room), Math.min(most, high + room)];
}

/** How a chart is drawn. */
interface Drawn {
  readonly theme: Theme;
  /** Height of a CSS pixel as a fraction of the vertical axis. */
  readonly pixel: number;
}

/** The contents and axes of a chart. */
interface Chart {
  /** Height by width. */
  readonly aspect: number;
  /** Shown if there are several. */
  readonly legend: readonly LegendEntry[];
  readonly guides: readonly Guide[] | undefined;
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  readonly yOptions?: { readonly isNice: boolean; readonly isWhole?: boolean };
  readonly marks: (
    plot: Plot,
    atX: (value: number) => number,
    atY: (value: number) => number,
    drawn: Drawn,
  ) => Markish[];
}

async function chartSvg(spec: ChartFrame, chart: Chart): Promise<SvgImage> {
  const { figureWidth = WIDTH, title, notes = [], caption } = spec;
  const theme = themeOf(spec.theme);
  const width = figureWidth - 2 * MARGIN;
  const height = Math.round(
    Math.max(160, Math.min(width, WIDTH - 2 * MARGIN) * chart.aspect),
  );
  const count = Math.max(2, Math.round(height / 45));
  const { guides = [] } = chart;
  const yRange = withGuides(chart.y, guides, "y");
  const y = axisOf(...yRange, { ...chart.yOptions, count });
  const x = xAxis(withGuides(chart.x, guides, "x"), width - 60);
  const margins = marginsOf(spec, x, y.labels, 0.7 * width);
  const atX = (value: number) => shareOf(value, x.domain);
  const atY = (value: number) => shareOf(value, y.domain);
  const inner = width - margins.left - margins.right;
  const roomOf = (part: number) => Math.min(0.45 * width, part * inner - 10);
  const pixel = 1 / (height - TOP - margins.bottom);
  const body = await plotSvg(
    spec,
    { width, height, margins, theme, x, y },
    (plot) => [
      ...chart.marks(plot, atX, atY, { theme, pixel }),
      ...guides.flatMap((guide) =>
        guide.axis === "x"
          ? acrossX(plot, guide, atX(guide.at), theme, roomOf)
          : acrossY(plot, guide, atY(guide.at), theme, roomOf(1))
      ),
    ],
  );
  const legend = chart.legend.length > 1 ? chart.legend : [];
  const frame = { title, notes, legend, caption, theme };
  return frameSvg({ ...frame, body, width, height });
}

/** Extends a range to include the guides of an axis. */
function withGuides(
  [low, high]: readonly [low: number, high: number],
  guides: readonly Guide[],
  axis: Guide["axis"],
): [low: number, high: number] {
  const at = guides.filter((guide) => guide.axis === axis)
    .map((guide) => guide.at);
  return [Math.min(low, ...at), Math.max(high, ...at)];
}

const DASHES = "5 3";
const HALO = 3; // background width around a guide's label

/** A vertical line, with its label on the side with more space. */
function acrossX(
  plot: Plot,
  { name }: Guide,
  share: number,
  theme: Theme,
  roomOf: (part: number) => number,
): Markish[] {
  const room = roomOf(Math.max(share, 1 - share));
  return [
    plot.ruleX([share], { stroke: theme.text, strokeDasharray: DASHES }),
    plot.text([fitText(name, TICK_SIZE, room)], {
      x: () => share,
      y: () => 1,
      dx: share > 0.5 ? -5 : 5,
      dy: 6,
      textAnchor: share > 0.5 ? "end" : "start",
      fill: theme.text,
      stroke: `rgb(${theme.paper.join(",")})`,
      strokeWidth: HALO,
    }),
  ];
}

/** A horizontal line, with its label at the right end. */
function acrossY(
  plot: Plot,
  { name }: Guide,
  share: number,
  theme: Theme,
  room: number,
): Markish[] {
  return [
    plot.ruleY([share], { stroke: theme.text, strokeDasharray: DASHES }),
    plot.text([fitText(name, TICK_SIZE, room)], {
      x: () => 1,
      y: () => share,
      dx: -4,
      dy: share > 0.5 ? 9 : -9,
      textAnchor: "end",
      fill: theme.text,
      stroke: `rgb(${theme.paper.join(",")})`,
      strokeWidth: HALO,
    }),
  ];
}

/** As many ticks as have space for their labels, at least two. */
function xAxis(x: readonly [low: number, high: number], room: number): Axis {
  const most = ({ labels }: Axis) =>
    Math.floor(room / (widestText(labels, TICK_SIZE) + 12));
  for (let count = 10; count >= 2; count--) {
    const axis = axisOf(...x, { count });
    const { length } = axis.labels;
    if (length >= 2 && length <= most(axis)) return axis;
  }
  const axis = axisOf(...x, { count: 10 });
  const step = Math.ceil(axis.labels.length / Math.max(1, most(axis)));
  const isKept = (_: unknown, i: number) => i % step === 0;
  return {
    ...axis,
    ticks: axis.ticks.filter(isKept),
    labels: axis.labels.filter(isKept),
  };
}
