/**
 * Colour bars.
 *
 * @module
 */
import { digitsOf, shortText } from "./cell.ts";
import { colorStops } from "./color_map.ts";
import { svgText } from "./svg_frame.ts";
import { widestText } from "./text_width.ts";
import type { Theme } from "./theme.ts";

const THICK = 14;
const GAP = 6; // between the bar and its labels
const SIZE = 10; // font size

/** A colour bar. */
export interface ColorBar {
  /** Its width with its labels, in CSS pixels. */
  readonly width: number;
  /**
   * Draws the bar at the origin; its labels extend half a line beyond.
   *
   * @param height Its height in CSS pixels.
   * @returns SVG elements.
   */
  draw(height: number): string;
}

/**
 * Creates a vertical colour bar with labels at both ends and in the middle.
 *
 * @param bar The values at its ends, its colour map and the theme.
 * @returns The bar.
 */
export function colorBar({ range: [low, high], diverging, theme }: {
  readonly range: readonly [low: number, high: number];
  readonly diverging: boolean;
  readonly theme: Theme;
}): ColorBar {
  const digits = Math.max(4, digitsOf(low, high));
  const labels = [high, high / 2 + low / 2, low].map((value) =>
    shortText(value, digits)
  );
  return {
    width: Math.ceil(THICK + GAP + widestText(labels, SIZE)),
    draw(height) {
      const id = diverging ? "diverging" : "sequential";
      const stops = colorStops(diverging).map(([at, color]) =>
        `<stop offset="${at}" stop-color="${color}"/>`
      );
      const lines = labels.map((label, i) =>
        svgText(label, THICK + GAP, height * i / 2 + 4, SIZE, theme.text)
      );
      return `<defs><linearGradient id="${id}" x1="0" y1="1" x2="0" y2="0">${
        stops.join("")
      }</linearGradient></defs><rect width="${THICK}" height="${height}" fill="url(#${id})"/>${
        lines.join("")
      }`;
    },
  };
}
