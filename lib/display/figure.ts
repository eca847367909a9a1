/**
 * A figure as an object of its own: what the plotting functions give, and what
 * shows itself as a cell's last value.
 *
 * @module
 */
import { attachView } from "./attach_view.ts";
import type { FigureSpec } from "./view.ts";

/** A figure. Shows itself in a notebook; prints its summary elsewhere. */
export interface Figure {
  /** What it shows, in one line. */
  readonly title: string;
}

/** What a figure is made of. */
export interface FigureParts {
  /** What it shows, in one line. */
  readonly title: string;
  /** What a reader without pictures is told, in one line. */
  readonly summary: string;
  /** Computes the figure; called when it is to be drawn. */
  readonly figure: () => FigureSpec | Promise<FigureSpec>;
}

/**
 * Makes a figure that shows itself.
 *
 * @param parts Its title, its summary, and how it is computed.
 * @returns The figure, frozen.
 */
export function makeFigure(parts: FigureParts): Figure {
  const { title, summary, figure } = parts;
  const made: Figure = { title };
  attachView(made, () => ({
    title,
    blocks: [{ kind: "figure", title, summary, figure }],
  }));
  return Object.freeze(made);
}
