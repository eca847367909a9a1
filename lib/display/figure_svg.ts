/**
 * Figures as SVG: each kind by its own module, and grids of them.
 *
 * @module
 */
import { histogramSvg, pointsSvg } from "./chart_svg.ts";
import { heatmapSvg } from "./heatmap_svg.ts";
import { imagesSvg } from "./images_svg.ts";
import { frameSvg, MARGIN, type SvgImage } from "./svg_frame.ts";
import { themeOf } from "./theme.ts";
import type { FigureSpec, GridSpec } from "./view.ts";

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
const GRID_GAP = 4; // figures have margins

/**
 * The width of each figure of a grid, unless the figure sets one.
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
