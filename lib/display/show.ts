import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import { VIEW, viewOf } from "./attach_view.ts";
import type { Output } from "./bundle.ts";
import { broadcast, inNotebook, settle } from "./kernel.ts";
import { plainView } from "./plain_view.ts";
import { currentRenderer } from "./renderer.ts";
import { viewText } from "./text.ts";
import type { ViewOptions } from "./view.ts";

/** Settings of {@linkcode show}. */
export interface ShowOptions {
  /**
   * Which sample's feature maps to show, from 0.
   *
   * @default {0}
   */
  readonly sample?: number;
  /** Which layer to show; default: all, as far as they can be seen. */
  readonly layer?: string;
  /**
   * How to project vectors to the plane.
   *
   * @default {"pca"}
   */
  readonly projection?: "pca" | "umap";
}

/**
 * Shows anything: in a notebook with tables and figures, elsewhere as aligned
 * text on stdout.
 *
 * Models, plans, feature sets, weights and figures show what there is to see
 * in them; arrays and tensors their statistics and a figure by their rank;
 * lists of records a table; everything else is written as the console would.
 * In a notebook prefer `await show(x)` to ending a cell in `x`: its output
 * never lands under a later cell, and `x` is not kept in memory for good.
 *
 * @param x What to show. It is not changed.
 * @param options What to show of it.
 * @returns When it is shown.
 * @throws {TypeError} If `x` is a promise, or an option is not known or does
 * not fit `x`.
 * @throws {RangeError} If an option's value does not go.
 *
 * @example A table
 * ```ts
 * import { show } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await show([{ layer: "conv1", units: 8 }, { layer: "dense", units: 64 }]);
 * await assert.rejects(show(Promise.resolve(1)), /write await before it/);
 * ```
 */
export async function show(
  x: unknown,
  options: ShowOptions = {},
): Promise<void> {
  checkAwaited(x, "show this", "what is shown");
  const checked = checkShowOptions(options);
  const isNotebook = inNotebook();
  const foreign = isNotebook ? await foreignOutput(x) : undefined;
  if (foreign !== undefined) {
    await send([foreign]);
    return;
  }
  const view = viewOf(x, checked) ?? await plainView(x, checked);
  if (isNotebook) {
    const { bundlesOf } = await import("./bundle.ts"); // not at every start
    await send(await bundlesOf(view, currentRenderer()));
  } else print(`${viewText(view)}\n`);
}

function checkShowOptions(options: ShowOptions): ViewOptions {
  checkOptions(options, "show", ["sample", "layer", "projection"]);
  const { sample, layer, projection } = options;
  if (sample !== undefined) checkInteger(sample, "show", "sample", 0);
  if (projection !== undefined) {
    checkOneOf(projection, "show", "projection", ["pca", "umap"]);
  }
  if (layer !== undefined && typeof layer !== "string") {
    throw new TypeError(cannot("show", '"layer" must be a name', layer));
  }
  return {
    ...(sample === undefined ? {} : { sample }),
    ...(layer === undefined ? {} : { layer }),
    ...(projection === undefined ? {} : { projection }),
  };
}

/** Objects of other libraries that know how to show themselves. */
async function foreignOutput(x: unknown): Promise<Output | undefined> {
  const display = Symbol.for("Jupyter.display");
  if (typeof x !== "object" || x === null || !(display in x)) return undefined;
  if (VIEW in x) return undefined;
  const method: unknown = Reflect.get(x, display);
  if (typeof method !== "function") return undefined;
  const bundle: unknown = await method.call(x);
  if (typeof bundle !== "object" || bundle === null) return undefined;
  return { data: { ...bundle }, metadata: {} };
}

async function send(outputs: readonly Output[]): Promise<void> {
  for (const { data, metadata } of outputs) {
    await broadcast("display_data", { data, metadata });
  }
  await settle();
}

function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
