/**
 * Figures as objects, the results of plotting functions, which show themselves
 * as a cell's last value.
 *
 * @module
 */
import { cannot, checkNumber, checkOneOf, refuseMore } from "../check.ts";
import { attachView } from "./attach_view.ts";
import { THEME_NAMES } from "./theme.ts";
import type { FigureBlock, FigureSpec, GridSpec } from "./view.ts";

/**
 * A figure. Shows itself in a notebook; elsewhere its summary is printed.
 *
 * @category Figures
 */
export interface Figure {
  /** Its title, in one line. */
  readonly title: string;
  /**
   * Writes the figure to a file: `.svg` or `.png` for a static image, `.html`
   * for a page on which it is interactive, without a network.
   *
   * @param target Path or `file:` URL; its extension determines the format.
   * @returns A promise that resolves when the file is written.
   * @throws {RangeError} If the extension is not one of these.
   *
   * @example A figure as a page
   * ```ts
   * import { scoreHistogram } from "@sonde/sonde";
   *
   * const path = `${await Deno.makeTempDir()}/scores.html`;
   * await scoreHistogram({ known: [1, 2, 2], unknown: [4, 5] }).save(path);
   * ```
   */
  save(target: string | URL): Promise<void>;
}

/**
 * Settings of all figures.
 *
 * @category Figures
 */
export interface FigureOptions {
  /** The title above the figure. Default: a description. */
  readonly title?: string;
  /** A caption below the figure. Default: none. */
  readonly caption?: string;
  /** Label of the horizontal axis; no effect on figures without axes. */
  readonly xLabel?: string;
  /** Label of the vertical axis; no effect on figures without axes. */
  readonly yLabel?: string;
  /** Width in CSS pixels, from 200 to 4000. Default: depends on the figure. */
  readonly width?: number;
  /** Colour theme of the static image. Default: that of `notebook()`. */
  readonly theme?: "light" | "dark";
}

/** The keys of {@linkcode FigureOptions}, for checks. */
export const FIGURE_OPTIONS = [
  ...["title", "caption", "xLabel", "yLabel", "width", "theme"],
] as const;

/** The parts of a figure. */
export interface FigureParts extends Omit<FigureBlock, "kind"> {
  /** The caller's settings. */
  readonly options?: FigureOptions | undefined;
}

/**
 * Creates a figure that shows itself.
 *
 * @param parts Title, summary, computation and settings.
 * @param more Further properties of the object.
 * @returns The figure, frozen.
 * @throws {TypeError} If a setting has the wrong type.
 * @throws {RangeError} If a setting has an invalid value.
 */
export function makeFigure<T extends object>(
  parts: FigureParts,
  more: T = {} as T,
): Figure & T {
  const { options = {}, ...block } = parts;
  checkFigureOptions(options);
  const title = options.title ?? parts.title;
  const figure = async () => withOptions(await parts.figure(), options);
  const shown: FigureBlock = { ...block, kind: "figure", title, figure };
  const made: Figure & T = {
    ...more,
    title,
    async save(target) {
      const { saveFigure } = await import("./save_figure.ts");
      await saveFigure(shown, target);
    },
  };
  refuseMore(made, "save(target)");
  attachView(made, () => ({ title, blocks: [shown] }));
  return Object.freeze(made);
}

/**
 * Joins figures side by side.
 *
 * @param grid The figures and how they are arranged.
 * @returns The block.
 */
export function gridBlock(
  { title, figures, columns }: {
    readonly title: string;
    readonly figures: readonly FigureBlock[];
    readonly columns: number;
  },
): FigureBlock {
  const summary = figures.map((figure) => `${figure.title}: ${figure.summary}`)
    .join("; ");
  const figure = async (): Promise<GridSpec> => {
    const specs: FigureSpec[] = [];
    for (const { figure } of figures) specs.push(await figure());
    return { kind: "grid", title, columns, figures: specs };
  };
  return { kind: "figure", title, summary, parts: figures, figure };
}

function checkFigureOptions(options: FigureOptions): void {
  const action = "draw figure";
  for (const name of ["title", "caption", "xLabel", "yLabel"] as const) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === "string") continue;
    throw new TypeError(cannot(action, `"${name}" must be a string`, value));
  }
  if (options.width !== undefined) {
    checkNumber(options.width, action, "width", { min: 200, max: 4000 });
  }
  if (options.theme === undefined) return;
  checkOneOf(options.theme, action, "theme", THEME_NAMES);
}

function withOptions(spec: FigureSpec, options: FigureOptions): FigureSpec {
  const { title = spec.title, caption = spec.caption } = options;
  const figureWidth = options.width ?? spec.figureWidth;
  const theme = options.theme ?? spec.theme;
  const frame = { title, caption, figureWidth, theme };
  if (spec.kind === "images" || spec.kind === "grid") {
    return { ...spec, ...frame };
  }
  const { xLabel = spec.xLabel } = options;
  const yLabel = options.yLabel ?? spec.yLabel;
  return {
    ...spec,
    ...frame,
    xLabel,
    ...(yLabel === undefined ? {} : { yLabel }),
  } as FigureSpec;
}
