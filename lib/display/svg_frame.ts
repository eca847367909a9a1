/**
 * The frame of static figures: background, title, notes, legend and caption.
 *
 * @module
 */
import { printable } from "../check.ts";
import { escapeMarkup, lineText } from "./cell.ts";
import { fitText, textWidth, wrapText } from "./text_width.ts";
import { type Theme, THEMES } from "./theme.ts";

/** A static figure as SVG. */
export interface SvgImage {
  /** The complete SVG. */
  readonly svg: string;
  /** Its width in CSS pixels. */
  readonly width: number;
  /** Its height in CSS pixels. */
  readonly height: number;
}

/** A name and its colour. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

/** The parts of {@linkcode frameSvg}. */
export interface Frame {
  /** The title; "" for none. */
  readonly title: string;
  /** Notes below the title, joined by commas. */
  readonly notes?: readonly string[];
  /** Legend entries, below the notes. */
  readonly legend?: readonly LegendEntry[];
  /** SVG elements, relative to the origin. */
  readonly body: readonly string[];
  /** Width of the body. */
  readonly width?: number;
  /** Height of the body. */
  readonly height?: number;
  /** The caption. */
  readonly caption?: string | undefined;
  /** Total width, if larger than that of the body. */
  readonly figureWidth?: number | undefined;
  /** Colours. @default {THEMES.light} */
  readonly theme?: Theme;
}

/** Style of images that are enlarged without smoothing, for browsers. */
export const PIXELATED = 'style="image-rendering:pixelated"';

/** The same in SVG 1.1, for resvg. */
export const PIXELATED_RESVG = 'image-rendering="optimizeSpeed"';

/** Padding of the background. */
export const MARGIN = 12;
const NARROWEST = 176; // minimum width within the margins
const FONTS = "DejaVu Sans, Verdana, sans-serif";
const MOST_NAMES = 24;
const NAME_SIZE = 11; // font size of legends
const ROW = 18; // height of a row of the legend

/**
 * Assembles a static figure.
 *
 * @param frame Its parts.
 * @returns The SVG and its size.
 */
export function frameSvg(frame: Frame): SvgImage {
  const { body, notes = [], width: bodyWidth = 0, height: bodyHeight = 0 } =
    frame;
  const { theme = THEMES.light, caption = "", figureWidth = 0 } = frame;
  const space = Math.max(bodyWidth, NARROWEST, figureWidth - 2 * MARGIN);
  const parts: string[] = [];
  let y = MARGIN;
  const write = (text: string, size: number, fill: string) => {
    if (text === "") return;
    for (const line of wrapText(lineText(text, 400), size, space)) {
      y += size;
      parts.push(svgText(line, MARGIN, y, size, fill));
      y += size < 12 ? 3 : 6;
    }
  };
  write(frame.title, 14, theme.title);
  write(notes.join(", "), 10, theme.muted);
  if (parts.length > 0) y += 3;
  const legend = legendOf(frame.legend ?? [], space);
  for (const { x, row, name, color } of legend.entries) {
    const top = y + ROW * row;
    parts.push(
      `<rect x="${MARGIN + x}" y="${
        top + 2
      }" width="11" height="11" rx="2" fill="${color}"/>`,
      svgText(name, MARGIN + x + 16, top + 12, NAME_SIZE, theme.text),
    );
  }
  y += ROW * legend.rows;
  if (body.length > 0) {
    if (parts.length > 0) y += 4;
    parts.push(
      `<g transform="translate(${MARGIN},${y})">${body.join("")}</g>`,
    );
    y += bodyHeight;
  }
  if (caption !== "") y += 4;
  write(caption, 11, theme.text);
  const size = {
    width: Math.ceil(space + 2 * MARGIN),
    height: Math.ceil(y + MARGIN),
  };
  return { svg: svgDocument(parts, size, theme), ...size };
}

/**
 * A complete SVG on the theme's background.
 *
 * @param parts SVG elements.
 * @param size Its width and height in CSS pixels.
 * @param theme Colours.
 * @returns The SVG.
 */
function svgDocument(
  parts: readonly string[],
  { width, height }: { readonly width: number; readonly height: number },
  { paper }: Theme,
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}"><rect width="${width}" height="${height}" fill="rgb(${
    paper.join(",")
  })"/>${parts.join("")}</svg>`;
}

/**
 * A line of text.
 *
 * @param text The text; escaped here.
 * @param x The position of its anchor.
 * @param y Its baseline.
 * @param size The font size.
 * @param fill The colour.
 * @param attributes More attributes.
 * @returns The element.
 */
export function svgText(
  text: string,
  x: number,
  y: number,
  size: number,
  fill: string,
  attributes = "",
): string {
  const more = attributes === "" ? "" : ` ${attributes}`;
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}"${more}>${
    escapeMarkup(printable(text, Infinity))
  }</text>`;
}

function legendOf(legend: readonly LegendEntry[], space: number) {
  const shown = legend.slice(0, MOST_NAMES);
  if (legend.length > MOST_NAMES) {
    const more = `… ${legend.length - MOST_NAMES} more`;
    shown.push({ name: more, color: "none" });
  }
  let x = 0;
  let row = 0;
  const entries = shown.map(({ name, color }) => {
    const text = fitText(lineText(name, 40), NAME_SIZE, space - 16);
    const width = 16 + textWidth(text, NAME_SIZE);
    if (x > 0 && x + width > space) {
      x = 0;
      row++;
    }
    const entry = { x: Math.round(x), row, name: text, color };
    x += width + 14;
    return entry;
  });
  return { entries, rows: shown.length === 0 ? 0 : row + 1 };
}
