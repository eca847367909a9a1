/**
 * Views as HTML: tables and figures from top to bottom.
 *
 * @module
 */
import { figureHtml, imageHtml, type PageImage } from "./figure_html.ts";
import { figurePlotly } from "./figure_plotly.ts";
import { figurePng } from "./figure_png.ts";
import { columnWidth } from "./figure_svg.ts";
import { tableHtml, textHtml, titleHtml } from "./html.ts";
import { imagesSvg } from "./images_svg.ts";
import type { PlotlyFigure } from "./plotly_layout.ts";
import { blocksText } from "./text.ts";
import type { FigureBlock, FigureSpec, GridSpec, View } from "./view.ts";

/** The level of detail of figures in a page. */
export interface PageLevel {
  /** Whether they become interactive if scripts run. */
  readonly isInteractive: boolean;
  /** Pixels of static images per CSS pixel. */
  readonly zoom: number;
}

/** Cache of static images, by figure and zoom. */
export type DrawnImages = Map<FigureSpec, PageImage[]>;

/** Keeps MathJax 2 and 3 of a notebook from typesetting `$…$` in names. */
const NO_MATH = "tex2jax_ignore mathjax_ignore";

/** Replacement of a figure that is too large. */
export const TOO_LARGE =
  "The image is left out, as it is too large for a notebook";

/**
 * Writes a view.
 *
 * @param view The view.
 * @param specs Its figures, {@linkcode sized}; missing ones are replaced by a
 * note.
 * @param level The level of detail.
 * @param images The cache of images; extended.
 * @returns HTML.
 */
export async function viewHtml(
  view: View,
  specs: ReadonlyMap<FigureBlock, FigureSpec>,
  level: PageLevel,
  images: DrawnImages,
): Promise<string> {
  const parts = needsTitle(view) ? [titleHtml(view.title)] : [];
  for (const block of view.blocks) {
    if (block.kind === "text") parts.push(textHtml(block.text));
    else if (block.kind === "table") parts.push(tableHtml(block));
    else {
      const spec = specs.get(block);
      const text = blocksText([block]);
      parts.push(
        spec === undefined
          ? textHtml(`${text}\n${TOO_LARGE}`)
          : await specHtml(spec, text, level, images),
      );
    }
  }
  return `<div class="${NO_MATH}">${parts.join("\n")}</div>`;
}

/**
 * Writes a figure.
 *
 * @param spec The figure, {@linkcode sized}.
 * @param text Text for readers without images.
 * @param level The level of detail.
 * @param images The cache of images; extended.
 * @returns HTML.
 */
export async function specHtml(
  spec: FigureSpec,
  text: string,
  level: PageLevel,
  images: DrawnImages,
): Promise<string> {
  if (spec.kind === "grid") return await gridHtml(spec, level, images);
  const drawn = images.get(spec) ?? [];
  const image = drawn[level.zoom] ??= await imageOf(spec, level.zoom);
  images.set(spec, drawn);
  const plot = level.isInteractive ? plotOf(spec, image) : undefined;
  if (plot === undefined) return imageHtml(image, text, level.isInteractive);
  const { title, caption } = spec;
  const thumbnails = spec.kind === "scatter" ? spec.thumbnails : undefined;
  return figureHtml(image, text, { ...plot, title, caption, thumbnails });
}

/**
 * The interactive figure. A square heat map has the height of its static image:
 * the page gives it the same width, which limits its cells.
 */
function plotOf(
  spec: FigureSpec,
  { height }: PageImage,
): PlotlyFigure | undefined {
  const plot = figurePlotly(spec);
  const isSquare = spec.kind === "heatmap" && spec.isSquare === true;
  return plot !== undefined && isSquare
    ? { ...plot, layout: { ...plot.layout, height } }
    : plot;
}

/**
 * Sets widths and theme of the figures of a grid, recursively.
 *
 * @param spec Any figure.
 * @returns The figure; the same object if it is not a grid.
 */
export function sized(spec: FigureSpec): FigureSpec {
  if (spec.kind !== "grid") return spec;
  const figures = spec.figures.map((figure) =>
    sized({
      ...figure,
      figureWidth: figure.figureWidth ?? columnWidth(spec),
      theme: figure.theme ?? spec.theme,
    })
  );
  return { ...spec, figures };
}

/**
 * Whether to write the title of a view: a single figure shows its own.
 *
 * @param view The view.
 * @returns True if it is not shown otherwise.
 */
export function needsTitle({ title, blocks }: View): boolean {
  const [first] = blocks;
  return title !== "" && !(first?.kind === "figure" && first.title === title);
}

/** Inline blocks wrap on a narrow page. */
async function gridHtml(
  grid: GridSpec,
  level: PageLevel,
  images: DrawnImages,
): Promise<string> {
  const parts: string[] = [];
  for (const figure of grid.figures) {
    const html = await specHtml(figure, figure.title, level, images);
    parts.push(
      `<div style="display:inline-block;vertical-align:top;width:${figure.figureWidth}px;max-width:100%">${html}</div>`,
    );
  }
  const most = grid.columns * (columnWidth(grid) + 8);
  const { title, notes = [], caption = "" } = grid;
  const lines = [notes.join(", "), caption].map((line) =>
    line === "" ? "" : textHtml(line)
  );
  return `${
    title === "" ? "" : titleHtml(title)
  }<div style="max-width:${most}px">${parts.join("\n")}</div>${lines.join("")}`;
}

/**
 * Writes a static image: SVG is smaller and sharper for grids of images; PNG is
 * the fallback.
 */
async function imageOf(spec: FigureSpec, zoom: number): Promise<PageImage> {
  if (spec.kind === "images" && zoom > 1) {
    const { svg, width, height } = imagesSvg(spec);
    return { type: "image/svg+xml", data: svg, width, height };
  }
  const { png, width, height } = await figurePng(spec, zoom);
  return { type: "image/png", data: png, width, height };
}
