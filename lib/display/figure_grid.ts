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
   * Figures in a row, from 1 to 6.
   *
   * @default {2}
   */
  readonly columns?: number;
}

/**
 * Puts figures side by side, as one figure.
 *
 * Each gets its part of the width, unless it has a width of its own. On a page
 * that is too narrow for a row, it breaks into several.
 *
 * @param figures The figures, row by row; grids are figures too.
 * @param options How many in a row; title, caption and width of the whole.
 * @returns A figure that shows itself.
 * @throws {TypeError} If something else than figures is given.
 * @throws {RangeError} If there is no figure, or an option is wrong.
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
  // Each figure shows its own title; above them is only what the caller sets.
  return makeFigure({ ...grid, title, options: frame });
}

function blockOf(figure: Figure, i: number, action: string): FigureBlock {
  const block = viewOf(figure, {})?.blocks[0];
  if (block?.kind === "figure") return block;
  throw new TypeError(cannot(action, `figures[${i}] must be a figure`, figure));
}
