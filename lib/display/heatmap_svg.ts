/**
 * Heat maps as SVG: one enlarged pixel image with axes.
 *
 * @module
 */
import type { Markish } from "@observablehq/plot";
import { indexAxis } from "./axis.ts";
import { dataUrl } from "./base64.ts";
import { type CellValues, cellValues, innerSize } from "./cell_values.ts";
import { colorBar } from "./color_bar.ts";
import { inkOn } from "./color_map.ts";
import { type HeatmapData, heatmapData, UNWRITTEN } from "./figure_data.ts";
import {
  marginsOf,
  type Plot,
  plotSvg,
  sideWidth,
  type Size,
  TICK_SIZE,
  TOP,
  WIDTH,
} from "./plot_axes.ts";
import { matrixPng } from "./raster.ts";
import { frameSvg, MARGIN, type SvgImage } from "./svg_frame.ts";
import { fitText } from "./text_width.ts";
import { themeOf } from "./theme.ts";
import type { HeatmapSpec } from "./view.ts";

const BAR_GAP = 2; // beyond the right margin of the axes

/**
 * Draws a heat map.
 *
 * @param spec The figure.
 * @returns The SVG and its size.
 */
export async function heatmapSvg(spec: HeatmapSpec): Promise<SvgImage> {
  const { title, caption, figureWidth } = spec;
  const diverging = spec.diverging ?? false;
  const theme = themeOf(spec.theme);
  const data = heatmapData(spec);
  const notes = [...data.notes];
  const frame = { title, notes, caption, theme, figureWidth };
  if (data.height * data.width === 0) return frameSvg({ ...frame, body: [] });
  const across = (figureWidth ?? WIDTH) - 2 * MARGIN;
  const named = (names: readonly string[] | undefined) =>
    names?.map((name) => fitText(name, TICK_SIZE, 0.3 * across));
  const [columns, rows] = [named(data.xTicks), named(data.yTicks)];
  const bar = colorBar({ range: data.range, diverging, theme });
  const most = {
    width: Math.min(
      500,
      across - bar.width - BAR_GAP - sideWidth(rows ?? [String(spec.height)]),
    ),
    height: Math.min(400, across),
  };
  const inner = innerSize(data, most, spec.isSquare ?? false);
  const values = data.annotated ? cellValues(data, inner) : undefined;
  if (data.annotated && values === undefined) notes.push(UNWRITTEN);
  const { x, y } = axesOf(data, inner, columns, rows);
  const margins = marginsOf(spec, x, y.labels, inner.width);
  const width = inner.width + margins.left + margins.right;
  const height = inner.height + TOP + margins.bottom;
  const right = bar.width;
  const shared = { margins, theme, right, hasGrid: false };
  const layout = { ...shared, width, height, x, y };
  const url = dataUrl("image/png", matrixPng(data, diverging));
  const body = await plotSvg(spec, layout, (plot) => [
    plot.image([0], {
      x: () => 0.5,
      y: () => 0.5,
      src: () => url,
      width: inner.width,
      height: inner.height,
      preserveAspectRatio: "none",
      imageRendering: "optimizeSpeed",
    }),
    ...(values === undefined ? [] : annotation(plot, data, values, diverging)),
  ]);
  body.push(
    `<g transform="translate(${width + BAR_GAP},${TOP})">${
      bar.draw(inner.height)
    }</g>`,
  );
  return frameSvg({
    ...frame,
    body,
    width: width + BAR_GAP + bar.width,
    height,
  });
}

/** The axes of columns, and of rows from the top down. */
function axesOf(
  { width, height, factor }: HeatmapData,
  inner: Size,
  columns: readonly string[] | undefined,
  rows: readonly string[] | undefined,
) {
  const x = indexAxis({
    count: width,
    factor: factor[1],
    names: columns,
    length: inner.width,
    size: TICK_SIZE,
    isAcross: true,
  });
  const y = indexAxis({
    count: height,
    factor: factor[0],
    names: rows,
    length: inner.height,
    size: TICK_SIZE,
  });
  return { x, y: { ...y, ticks: y.ticks.map((tick) => 1 - tick) } };
}

function annotation(
  plot: Plot,
  { z, width, height, range }: HeatmapData,
  { labels, fontSize }: CellValues,
  diverging: boolean,
): Markish[] {
  return [plot.text(labels.map((_, i) => i), {
    x: (i: number) => (i % width + 0.5) / width,
    y: (i: number) => 1 - (Math.floor(i / width) + 0.5) / height,
    text: (i: number) => labels[i]!,
    fill: (i: number) => inkOn(z[i]!, range, diverging),
    fontSize,
  })];
}
