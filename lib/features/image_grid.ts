/**
 * Images of a dataset as a figure.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOptions,
  quote,
} from "../check.ts";
import { countText } from "../display/cell.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import type { Dataset } from "../types.ts";
import { gridOf } from "./view/image_grid_figure.ts";

/**
 * Settings of {@linkcode imageGrid}.
 *
 * @category Figures
 */
export interface ImageGridOptions extends FigureOptions {
  /** A line below each image. @default {the ids} */
  readonly captions?: readonly string[];
  /** A second line below each image, in small print. Default: none. */
  readonly details?: readonly string[];
  /** Images in a row, from 1 to 24. Default: as many as fit. */
  readonly columns?: number;
}

const ACTION = "draw image grid";

/**
 * Draws images of a dataset by their ids, such as the neighbours that
 * {@linkcode nearest} finds.
 *
 * Values from 0 to 1 or from 0 to 255 are drawn as they are, others from their
 * smallest to their largest. At most 96 images are drawn, with a note of the
 * total.
 *
 * @param images The dataset: a source such as `imageFolder`, or images of shape
 * `[N, H, W, C]`, `[N, C, H, W]` or `[N, H, W]`.
 * @param ids Which images, in this order: ids of the dataset, or row numbers.
 * @param options Captions, images in a row, title, size.
 * @returns A figure that shows itself; images are read when it is shown.
 * @throws {TypeError} If an argument has the wrong type; when it is shown, if
 * the dataset holds no images.
 * @throws {RangeError} If captions are not as many as the ids; when it is shown,
 * if an id is not found.
 *
 * @example Two photographs, saved
 * ```ts
 * import { imageFolder, imageGrid } from "@sonde/sonde";
 *
 * const photos = imageFolder("tests/data/photos");
 * const grid = imageGrid(photos, ["circles/0.jpg", "squares/1.png"]);
 * await grid.save(`${await Deno.makeTempDir()}/photos.png`);
 * ```
 *
 * @category Figures
 */
export function imageGrid(
  images: Dataset,
  ids: readonly (string | number)[],
  options: ImageGridOptions = {},
): Figure {
  checkAwaited(images, ACTION, "the dataset");
  checkAwaited(ids, ACTION, "the ids");
  checkOptions(options, ACTION, [
    ...["captions", "details", "columns"],
    ...FIGURE_OPTIONS,
  ]);
  if (typeof images !== "object" || images === null) {
    const rule = "the first argument must be a dataset of images";
    throw new TypeError(cannot(ACTION, rule, images));
  }
  if (!Array.isArray(ids) || !ids.every(isId)) {
    const rule = '"ids" must be an array of ids or row numbers';
    throw new TypeError(cannot(ACTION, rule, ids));
  }
  const { columns, captions, details, ...frame } = options;
  if (columns !== undefined) {
    checkInteger(columns, ACTION, "columns");
    if (columns > 24) {
      throw new RangeError(cannot(ACTION, '"columns" must be <= 24', columns));
    }
  }
  checkLines(captions, "captions", ids.length);
  checkLines(details, "details", ids.length);
  const title = "Images";
  return makeFigure({
    title,
    summary: countText(ids.length, "image"),
    figure: () => gridOf({ title, images, ids, captions, details, columns }),
    options: frame,
  });
}

function isId(value: unknown): boolean {
  return typeof value === "string" || Number.isInteger(value);
}

function checkLines(lines: unknown, name: string, count: number): void {
  if (lines === undefined) return;
  const areStrings = Array.isArray(lines) &&
    lines.every((line) => typeof line === "string");
  if (!areStrings) {
    const rule = `${quote(name)} must be an array of strings`;
    throw new TypeError(cannot(ACTION, rule, lines));
  }
  if (lines.length === count) return;
  const rule = `${quote(name)} must be as many as the ids, ${count}`;
  throw new RangeError(cannot(ACTION, rule, lines.length));
}
