import {
  cannot,
  checkAwaited,
  checkIndices,
  checkInteger,
  checkNoOptions,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import { prepareView, VIEW, viewOf } from "./attach_view.ts";
import type { Output } from "./bundle.ts";
import { lineText } from "./cell.ts";
import { broadcast, inNotebook, settle } from "./kernel.ts";
import { currentRenderer } from "./renderer.ts";
import {
  imageProtocol,
  tableWidth,
  terminalColumns,
  writeAll,
} from "./terminal.ts";
import { blocksText, viewText } from "./text.ts";
import type { ShowOptions, View } from "./view.ts";

/**
 * Shows any value: in a notebook with tables and figures, elsewhere as aligned
 * text on stdout, with images if the terminal supports them.
 *
 * Models, plans, feature sets, weights and figures have specific views; arrays
 * and tensors are shown with statistics and a figure for their rank, lists of
 * records as a table, and other values as in the console. In a notebook prefer
 * `await show(x)` to ending a cell in `x`: its output never appears under a
 * later cell, and `x` is not kept in memory.
 *
 * Terminals that can show images are recognised by their environment variables,
 * which are read only where the permission is already granted.
 *
 * @param x The value to show. It is not changed.
 * @param options The parts to show.
 * @returns A promise that resolves when it is shown.
 * @throws {TypeError} If `x` is a promise, or an option is unknown or does not
 * apply to `x`.
 * @throws {RangeError} If an option has an invalid value.
 *
 * @example A table
 * ```ts
 * import { show } from "@sonde/sonde";
 *
 * await show([{ layer: "conv1", units: 8 }, { layer: "dense", units: 64 }]);
 * ```
 *
 * @example A figure
 * ```ts
 * import { scoreHistogram, show } from "@sonde/sonde";
 *
 * await show(scoreHistogram({ known: [1, 2, 2], unknown: [4, 5] }));
 * ```
 *
 * @category Notebook
 */
export async function show(
  x: unknown,
  options: ShowOptions = {},
): Promise<void> {
  checkAwaited(x, "show this", "what is shown");
  const checked = checkShowOptions(options);
  checkNoOptions(arguments, "show", "show(x, options)", 2);
  const isNotebook = inNotebook();
  const other = isNotebook ? await otherOutput(x) : undefined;
  if (other !== undefined) {
    await send([other]);
    return;
  }
  await prepareView(x);
  const { plainView } = await import("./plain_view.ts");
  const view = viewOf(x, checked) ?? await plainView(x, checked);
  if (isNotebook) {
    const { bundlesOf } = await import("./bundle.ts"); // loaded on demand
    await send(await bundlesOf(view, currentRenderer()));
  } else await print(view);
}

/** Writes to stdout: text, and images if the terminal supports them. */
async function print(view: View): Promise<void> {
  const write = (text: string) => writeAll(Deno.stdout, text);
  const protocol = imageProtocol();
  const hasFigures = view.blocks.some(({ kind }) => kind === "figure");
  if (protocol === undefined || !hasFigures) {
    return write(`${viewText(view, tableWidth())}\n`);
  }
  const { terminalImage } = await import("./terminal_image.ts");
  const columns = terminalColumns();
  if (view.title !== "") write(`${lineText(view.title)}\n`);
  for (const block of view.blocks) {
    write(`\n${blocksText([block], columns)}\n`);
    if (block.kind !== "figure") continue;
    write(await terminalImage(await block.figure(), protocol, columns));
  }
}

function checkShowOptions(options: ShowOptions): ShowOptions {
  checkOptions(options, "show", [
    ...["sample", "layer", "weight", "projection", "channels", "scale"],
    "images",
  ]);
  const { sample, layer, weight, projection, channels, scale } = options;
  if (sample !== undefined) checkInteger(sample, "show", "sample", 0);
  if (projection !== undefined) {
    checkOneOf(projection, "show", "projection", ["pca", "umap"]);
  }
  if (scale !== undefined) {
    checkOneOf(scale, "show", "scale", ["layer", "each"]);
  }
  for (const [name, value] of Object.entries({ layer, weight })) {
    if (value === undefined || typeof value === "string") continue;
    throw new TypeError(cannot("show", `"${name}" must be a name`, value));
  }
  if (channels !== undefined) checkIndices(channels, "show", "channels");
  checkAwaited(options.images, "show", `"images"`);
  const set = Object.entries(options)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(set);
}

/** Objects of other libraries with a Jupyter representation. */
async function otherOutput(x: unknown): Promise<Output | undefined> {
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
