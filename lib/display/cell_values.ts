/**
 * The size of heat maps and the values in their cells.
 *
 * @module
 */
import { digitsOf, shortText } from "./cell.ts";
import type { HeatmapData } from "./figure_data.ts";
import type { Size } from "./plot_axes.ts";
import { widestText } from "./text_width.ts";

/** The values of the cells, as they are written. */
export interface CellValues {
  /** One text per cell. */
  readonly labels: readonly string[];
  /** Their font size, in CSS pixels. */
  readonly fontSize: number;
}

const LARGEST = 34; // side of a cell, unless the matrix is small
const LEAST = { width: 180, height: 120 }; // of the cells together
const NARROWEST = 24; // width of the cells if the labels take all space

/**
 * The size of all cells together: larger cells for small matrices, square ones
 * if requested.
 *
 * @param data Numbers of rows and columns.
 * @param space The available space in CSS pixels.
 * @param isSquare Whether cells are square.
 * @returns Width and height in CSS pixels.
 */
export function innerSize(
  { width, height }: Pick<HeatmapData, "width" | "height">,
  space: Size,
  isSquare: boolean,
): Size {
  const most = { ...space, width: Math.max(NARROWEST, space.width) };
  const least = { ...LEAST, width: Math.min(most.width, LEAST.width) };
  const largest = Math.min(most.width / width, most.height / height);
  if (isSquare) {
    const wanted = Math.max(LARGEST, least.width / Math.max(width, height));
    const cell = Math.min(largest, wanted);
    return {
      width: Math.round(cell * width),
      height: Math.round(cell * height),
    };
  }
  const cell = Math.min(largest, LARGEST);
  return {
    width: Math.round(Math.max(cell * width, least.width)),
    height: Math.round(Math.max(cell * height, least.height)),
  };
}

/**
 * The values for the cells.
 *
 * @param data The heat map.
 * @param inner The size of all cells together.
 * @returns The texts; undefined if there is no space for them.
 */
export function cellValues(
  { z, width, height, range }: HeatmapData,
  inner: Size,
): CellValues | undefined {
  const digits = Math.max(4, digitsOf(...range));
  const labels = Array.from(z, (value) => shortText(value, digits));
  const fontSize = Math.min(
    (inner.width / width - 4) / widestText(labels, 1),
    inner.height / height - 4,
    11,
  );
  return fontSize < 6 ? undefined : { labels, fontSize };
}
