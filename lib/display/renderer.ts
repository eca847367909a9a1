/**
 * In which form figures go to a notebook: part of its set-up, and with the
 * Stop button the only state that outlives a call.
 *
 * @module
 */

/**
 * Forms of a figure: `html`, a picture that becomes interactive; `png`, a
 * picture by itself, as pages that strip scripts need it; `mime`, for
 * notebooks with a plotly of their own.
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
