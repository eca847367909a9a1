import { checkOneOf, checkOptions } from "../check.ts";
import { broadcast, checkDenoVersion, inNotebook, settle } from "./kernel.ts";
import { RENDERERS, setRenderer } from "./renderer.ts";
import { listenToStop } from "./stop_signal.ts";

/** Settings of {@linkcode notebook}. */
export interface NotebookOptions {
  /**
   * In which form figures are shown: `html`, interactive where scripts run and
   * pictures elsewhere; `png`, pictures only, for notebooks that are kept in a
   * repository; `mime`, for notebooks with a plotly of their own.
   *
   * @default {"html"}
   */
  readonly renderer?: "html" | "png" | "mime";
}

/**
 * Sets up a notebook: figures become interactive, without a network, and the
 * Stop button stops a run rather than the kernel.
 *
 * Call it in the first cell, and again whenever that cell is run: with the
 * renderer `html` its output carries the plotting library, about 0.7 MB, once
 * for the whole notebook. Without it figures are pictures, and Stop ends the
 * kernel. Outside a notebook it only sets the renderer, so that what was a
 * notebook still runs as a script.
 *
 * @param options The form of figures.
 * @returns When everything is set up.
 * @throws {TypeError} If an option is not known.
 * @throws {RangeError} If the renderer is not known, or Deno is older than
 * 2.9.1, whose kernels lose outputs.
 *
 * @example The first cell of a notebook that is kept in a repository
 * ```ts
 * import { notebook, show } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await notebook({ renderer: "png" });
 * await show("ready");
 * await assert.rejects(notebook({ renderer: "jpg" as "png" }), RangeError);
 * ```
 */
export async function notebook(options: NotebookOptions = {}): Promise<void> {
  const action = "set up the notebook";
  checkOptions(options, action, ["renderer"]);
  const renderer = checkOneOf(
    options.renderer ?? "html",
    action,
    "renderer",
    RENDERERS,
  );
  if (inNotebook()) {
    checkDenoVersion(Deno.version.deno);
    listenToStop();
    if (renderer === "html") {
      const { plotlyLoader } = await import("./plotly_loader.ts");
      await broadcast("display_data", {
        data: {
          "text/html": await plotlyLoader(),
          "text/plain": "Sonde is set up",
        },
        metadata: {},
      });
      await settle();
    }
  }
  setRenderer(renderer);
}
