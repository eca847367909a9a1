/**
 * Parts of figures for plotly that all kinds share: layout, axes, numbers as
 * base64-encoded bytes, and escaped text.
 *
 * Backgrounds are transparent; the script on the page sets the text colour.
 * Axis numbers have exponents: plotly's default would write 3.4e-11 as "34p".
 *
 * @module
 */
import { printable } from "../check.ts";
import { extremes } from "../math/statistics.ts";
import { toBase64 } from "./base64.ts";
import { digitsOf, lineText } from "./cell.ts";
import { fitText } from "./text_width.ts";
import type { FigureFrame } from "./view.ts";

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

/** Default width of a figure, in CSS pixels. */
export const WIDTH = 640;
/** Plots narrower than this have the legend below. */
export const NARROW = 480;
/** Font size of tick labels. */
export const TICK = 12;
/** Margins around the axes; the buttons are at the top. */
export const MARGINS = { l: 48, r: 16, t: 30, b: 52 };
/** Numbers of axes and colour bars. */
export const NUMBERS = {
  exponentformat: "e",
  separatethousands: true,
} as const;
const GRID = "rgba(128,128,128,0.25)"; // visible on white and on black
const LABEL = 12; // font size of axis labels

/**
 * The layout of a figure, without its axes.
 *
 * @param frame The figure.
 * @param height Its height in CSS pixels.
 * @param isLegend Whether it has a legend.
 * @returns Properties of the layout.
 */
export function layoutOf(
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

/**
 * An axis whose label is limited to a length.
 *
 * @param label The label.
 * @param length The length of the figure along the axis, in CSS pixels.
 * @returns Properties of the axis.
 */
export function axis(
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

/**
 * Ticks at integers; plotly would add ticks between few of them.
 *
 * @param count The largest integer on the axis.
 * @param most Up to how many there is a tick at each.
 * @returns Properties of the axis.
 */
export function steps(count: number, most: number): { dtick?: number } {
  return count <= most ? { dtick: 1 } : {};
}

/**
 * Encodes numbers for plotly: as float32 if the figure does not change.
 *
 * @param values The numbers.
 * @returns Their type and their bytes as base64.
 */
export function encode(
  values: ArrayLike<number>,
): { dtype: string; bdata: string } {
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
 * The format of values on hover: as many digits as distinguish those of a
 * range, and integers up to a million in full.
 *
 * @param range The range; undefined without values.
 * @returns A format of d3.
 */
export function hoverFormat(
  range: readonly [low: number, high: number] = [0, 0],
): string {
  return `:.${Math.max(6, digitsOf(...range))}~g`;
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
