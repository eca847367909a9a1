/**
 * The form of figures in a notebook. With the theme and the Stop button, this
 * is the only global state of the display.
 *
 * @module
 */

/**
 * Forms of a figure: `html`, a static image that becomes interactive; `png`, an
 * image alone, for pages without scripts; `mime`, for notebooks with a plotly
 * extension.
 */
export type Renderer = "html" | "png" | "mime";

/** All renderers. */
export const RENDERERS: readonly Renderer[] = ["html", "png", "mime"];

let current: Renderer = "html";

/**
 * The current form.
 *
 * @returns The form set by `notebook`; initially `html`.
 */
export function currentRenderer(): Renderer {
  return current;
}

/**
 * Sets the form of following outputs.
 *
 * @param renderer The form.
 */
export function setRenderer(renderer: Renderer): void {
  current = renderer;
}
