/**
 * Axes and marks of static figures, by Observable Plot with a linkedom
 * document, without a browser. Plot draws ticks, grids and marks.
 *
 * Axes are laid out here, from measured labels; positions are passed to Plot as
 * fractions of an axis. Both libraries are loaded with the first figure.
 *
 * @module
 */
import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Axis, LabelledAxis } from "./axis.ts";
import { lineText } from "./cell.ts";
import { svgText } from "./svg_frame.ts";
import { fitText, textWidth, widestText } from "./text_width.ts";
import type { Theme } from "./theme.ts";
import type { ChartFrame } from "./view.ts";

/** The plotting library. */
export type Plot = typeof import("@observablehq/plot");

/** Default width of a figure, in CSS pixels. */
export const WIDTH = 640;
/** Font size of tick labels. */
export const TICK_SIZE = 11;
/** Above the axes: half a label. */
export const TOP = 8;
const LABEL_SIZE = 11; // font size of axis labels
const LABEL_GAP = 7; // between an axis label and the tick labels
const TICK = 9; // from an axis to its tick labels: the tick and a gap
const RIGHT = 8; // minimum margin on the right

/** Width and height in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Margins around axes, in CSS pixels. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * The width of tick labels and axis labels.
 *
 * @param yLabels Tick labels of the vertical axis.
 * @returns A width in CSS pixels.
 */
export function sideWidth(yLabels: readonly string[]): number {
  return LABEL_SIZE + LABEL_GAP + TICK + RIGHT +
    Math.ceil(widestText(yLabels, TICK_SIZE));
}

/**
 * Margins for tick labels and axis labels.
 *
 * @param frame The axis labels; "" for none.
 * @param x The horizontal axis.
 * @param yLabels Tick labels of the vertical axis.
 * @param innerWidth Approximate width of the axes.
 * @returns The margins.
 */
export function marginsOf(
  { xLabel, yLabel }: ChartFrame,
  { ticks, labels, isRotated = false }: LabelledAxis,
  yLabels: readonly string[],
  innerWidth: number,
): Margins {
  const title = (label: string) => label === "" ? 0 : LABEL_SIZE + LABEL_GAP;
  const over = (label = "", share = 0) =>
    // beyond the end of the axis
    isRotated ? 0 : textWidth(label, TICK_SIZE) / 2 - share * innerWidth;
  const down = isRotated ? widestText(labels, TICK_SIZE) : TICK_SIZE;
  return {
    left: Math.ceil(Math.max(
      title(yLabel) + widestText(yLabels, TICK_SIZE) + TICK,
      over(labels[0], ticks[0]),
    )),
    right: Math.ceil(Math.max(RIGHT, over(labels.at(-1), 1 - ticks.at(-1)!))),
    bottom: Math.ceil(TICK + down + title(xLabel)),
  };
}

/** The contents of a figure's frame. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly margins: Margins;
  readonly theme: Theme;
  readonly x: LabelledAxis;
  readonly y: Axis;
  /** Free width on the right, for labels. @default {0} */
  readonly right?: number;
  /** Whether to draw grid lines. @default {true} */
  readonly hasGrid?: boolean;
}

/**
 * Draws axes and marks.
 *
 * @param frame The axis labels; "" for none.
 * @param layout Sizes and axes.
 * @param marks Creates the marks, in fractions of the axes.
 * @returns SVG elements.
 */
export async function plotSvg(
  frame: ChartFrame,
  layout: Layout,
  marks: (plot: Plot) => Markish[],
): Promise<string[]> {
  const { width, height, margins, theme, x, y, hasGrid = true } = layout;
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
  return [cleaned(outerHTML), ...axisLabels(frame, layout)];
}

/** The axis labels, shortened to fit. */
function axisLabels(
  { xLabel, yLabel }: ChartFrame,
  { width, height, margins, theme, right = 0 }: Layout,
): string[] {
  const label = (
    text: string,
    space: number,
    x: number,
    y: number,
    more = "",
  ) =>
    text === "" ? [] : [svgText(
      fitText(lineText(text), LABEL_SIZE, space),
      x,
      y,
      LABEL_SIZE,
      theme.text,
      `text-anchor="middle"${more}`,
    )];
  const innerHeight = height - TOP - margins.bottom;
  const centre = margins.left + (width - margins.left - margins.right) / 2;
  const down = TOP + innerHeight / 2;
  return [
    ...label(
      xLabel,
      2 * Math.min(centre, width + right - centre),
      centre,
      height - 4,
    ),
    ...label(
      yLabel,
      innerHeight + 2 * TOP,
      LABEL_SIZE,
      down,
      ` transform="rotate(-90,${LABEL_SIZE},${down})"`,
    ),
  ];
}

/** Removes attributes that depend on the run or the page. */
function cleaned(svg: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/ class="[^"]*"/g, "")
    .replace(/font-family="[^"]*"/g, "");
}
