/**
 * The form in which a notebook is sent figures. With the theme and the Stop
 * button, the only state that outlives a call.
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
 * The form that is in use.
 *
 * @returns What `notebook` set, `html` at first.
 */
export function currentRenderer(): Renderer {
  return current;
}

/**
 * Sets the form for what is shown from now on.
 *
 * @param renderer The form.
 */
export function setRenderer(renderer: Renderer): void {
  current = renderer;
}
