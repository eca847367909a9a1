/**
 * Views as MIME bundles, the messages to a notebook.
 *
 * A view is one bundle, with tables and figures in its `text/html`, and the
 * same as plain text. If it is too large for one message, interactivity is
 * dropped first, then resolution, then images, with a note. Figures are
 * computed here.
 *
 * @module
 */
import { lineText } from "./cell.ts";
import { figurePlotly } from "./figure_plotly.ts";
import { type Json, plotlyText } from "./plotly_layout.ts";
import { figurePng } from "./figure_png.ts";
import { jsonSafe } from "./kernel.ts";
import { toBase64 } from "./base64.ts";
import { currentRenderer, type Renderer } from "./renderer.ts";
import { blocksText, viewText } from "./text.ts";
import {
  type DrawnImages,
  needsTitle,
  sized,
  TOO_LARGE,
  viewHtml,
} from "./view_html.ts";
import type { Block, FigureBlock, FigureSpec, View } from "./view.ts";

/** Contents by MIME type, plain data. */
export interface MimeBundle {
  /** Text, or for JSON types plain data. */
  readonly [type: string]: unknown;
}

/** A bundle with metadata. */
export interface Output {
  /** The contents. */
  readonly data: MimeBundle;
  /** Sizes of images, by MIME type. */
  readonly metadata: { readonly [type: string]: Json };
}

/** Maximum size of a bundle as JSON; kernels fail at ten times as much. */
const MOST_BYTES = 1_900_000;

const FALLBACKS = [
  { isInteractive: true, zoom: 2 },
  { isInteractive: false, zoom: 2 },
  { isInteractive: false, zoom: 1 },
] as const;

/**
 * A view as one bundle, for `Symbol.for("Jupyter.display")`. Never rejects: a
 * figure that cannot be drawn is reported in `text/plain`, because an error
 * would not be shown.
 *
 * @param view The view.
 * @returns The bundle.
 */
export async function bundleOf(view: View): Promise<MimeBundle> {
  try {
    const renderer = currentRenderer();
    if (renderer === "html") return await htmlBundle(view, true);
    const outputs = await bundlesOf(view, renderer);
    if (outputs.length === 1) return outputs[0]!.data;
    return await htmlBundle(view, false);
  } catch (error) {
    return failureBundle(error, viewText(view));
  }
}

/**
 * The bundle for a view that failed.
 *
 * @param error The error.
 * @param text Text to show with the error.
 * @returns A bundle of `text/plain`.
 */
function failureBundle(error: unknown, text = ""): MimeBundle {
  const reason = error instanceof Error
    ? `${error.name}: ${error.message}`
    : String(error);
  const message = `Cannot show this as it failed with ${lineText(reason, 400)}`;
  return { "text/plain": text === "" ? message : `${text}\n\n${message}` };
}

/**
 * A view as the bundles that `show` sends, in order.
 *
 * @param view The view.
 * @param renderer The form of the figures.
 * @returns One output; with the renderers `png` and `mime` one for each figure
 * and for the blocks between.
 * @throws {Error} If a figure cannot be computed or drawn.
 */
export async function bundlesOf(
  view: View,
  renderer: Renderer,
): Promise<Output[]> {
  if (renderer === "html") {
    return [{ data: await htmlBundle(view, true), metadata: {} }];
  }
  const outputs: Output[] = [];
  let others: Block[] = [];
  let title = needsTitle(view) ? view.title : "";
  const flush = async () => {
    if (title === "" && others.length === 0) return;
    const data = await htmlBundle({ title, blocks: others }, false);
    outputs.push({ data, metadata: {} });
    title = "";
    others = [];
  };
  for (const block of view.blocks) {
    if (block.kind !== "figure") {
      others.push(block);
      continue;
    }
    await flush();
    outputs.push(...await figureOutputs(block, renderer));
  }
  await flush();
  return outputs;
}

async function figureOutputs(
  block: FigureBlock,
  renderer: "png" | "mime",
): Promise<Output[]> {
  const text = blocksText([block]);
  const spec = await block.figure();
  if (spec.kind !== "grid" || renderer === "png") {
    return [await specOutput(spec, text, renderer)];
  }
  const outputs: Output[] = [];
  for (const figure of spec.figures) {
    outputs.push(await specOutput(figure, figure.title, renderer));
  }
  return outputs;
}

async function specOutput(
  spec: FigureSpec,
  text: string,
  renderer: "png" | "mime",
): Promise<Output> {
  const plot = renderer === "mime" ? figurePlotly(spec) : undefined;
  if (plot !== undefined) {
    const { data, layout, notes } = plot;
    const title = { text: plotlyText([spec.title, ...notes].join(", ")) };
    const bundle = checked({
      "application/vnd.plotly.v1+json": {
        data,
        layout: { ...layout, title: { ...title, x: 0.01, xanchor: "left" } },
        config: CONFIG,
      },
      "text/plain": text,
    });
    if (bundle !== undefined) return { data: bundle, metadata: {} };
  }
  for (const zoom of [2, 1]) {
    const { png, width, height } = await figurePng(spec, zoom);
    const data = checked({ "image/png": toBase64(png), "text/plain": text });
    if (data === undefined) continue;
    return { data, metadata: { "image/png": { width, height } } };
  }
  return { data: { "text/plain": `${text}\n${TOO_LARGE}` }, metadata: {} };
}

/** Without `typesetMath`, `$…$` in names stays as it is. */
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  typesetMath: false,
};

async function htmlBundle(
  view: View,
  isInteractive: boolean,
): Promise<MimeBundle> {
  const text = viewText(view);
  const specs = new Map<FigureBlock, FigureSpec>();
  for (const block of view.blocks) {
    if (block.kind === "figure") specs.set(block, sized(await block.figure()));
  }
  const images: DrawnImages = new Map();
  for (const level of FALLBACKS) {
    if (level.isInteractive && !isInteractive) continue;
    const html = await viewHtml(view, specs, level, images);
    const bundle = checked({ "text/html": html, "text/plain": text });
    if (bundle !== undefined) return bundle;
  }
  const html = await viewHtml(view, new Map(), FALLBACKS[2], images);
  return checked({ "text/html": html, "text/plain": text }) ??
    { "text/plain": `${text.slice(0, MOST_BYTES / 8)}\n… (too long)` };
}

/** The bundle as plain data, if it is small enough for one message. */
function checked(bundle: MimeBundle): MimeBundle | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(bundle)).length;
  return bytes <= MOST_BYTES ? jsonSafe(bundle) as MimeBundle : undefined;
}
