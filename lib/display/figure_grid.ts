import { cannot, checkInteger, checkOptions } from "../check.ts";
import { viewOf } from "./attach_view.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  gridBlock,
  makeFigure,
} from "./figure.ts";
import type { FigureBlock } from "./view.ts";

/**
 * Settings of {@linkcode figureGrid}.
 *
 * @category Figures
 */
export interface FigureGridOptions extends FigureOptions {
  /**
   * Figures per row, from 1 to 6.
   *
   * @default {2}
   */
  readonly columns?: number;
}

/**
 * Arranges figures in a grid, as one figure.
 *
 * Each has an equal part of the width, unless it sets a width. On a narrow
 * page, a row is wrapped.
 *
 * @param figures The figures, row by row; grids are figures too.
 * @param options Figures per row; title, caption and width of the grid.
 * @returns A figure that shows itself.
 * @throws {TypeError} If an item is not a figure.
 * @throws {RangeError} If there is no figure, or an option is invalid.
 *
 * @example Scores of two methods beside each other
 * ```ts
 * import { figureGrid, scoreHistogram, show } from "@sonde/sonde";
 *
 * const before = scoreHistogram({ known: [1, 2, 2], unknown: [2, 3] });
 * const after = scoreHistogram({ known: [1, 2, 2], unknown: [4, 5] });
 * await show(figureGrid([before, after], { title: "Before and after ReAct" }));
 * ```
 *
 * @category Figures
 */
export function figureGrid(
  figures: readonly Figure[],
  options: FigureGridOptions = {},
): Figure {
  const action = "put figures side by side";
  checkOptions(options, action, ["columns", ...FIGURE_OPTIONS]);
  const { columns = 2, ...frame } = options;
  checkInteger(columns, action, "columns");
  if (columns > 6) {
    throw new RangeError(
      cannot(action, `"columns" must be at most 6`, columns),
    );
  }
  if (!Array.isArray(figures)) {
    const rule = "its argument must be an array of figures";
    throw new TypeError(cannot(action, rule, figures));
  }
  const blocks = figures.map((figure, i) => blockOf(figure, i, action));
  if (blocks.length === 0) {
    const rule = "there must be at least one figure";
    throw new RangeError(cannot(action, rule, blocks.length));
  }
  const grid = gridBlock({ title: "", figures: blocks, columns });
  const title = blocks.map((block) => block.title).join(", ");
  // Each figure shows its title; the grid only shows the caller's title.
  return makeFigure({ ...grid, title, options: frame });
}

function blockOf(figure: Figure, i: number, action: string): FigureBlock {
  const block = viewOf(figure, {})?.blocks[0];
  if (block?.kind === "figure") return block;
  throw new TypeError(cannot(action, `figures[${i}] must be a figure`, figure));
}
