import { tf } from "../tf.ts";
import { checkOneOf, checkOptions } from "../check.ts";
import { broadcast, checkDenoVersion, inNotebook, settle } from "./kernel.ts";
import { RENDERERS, setRenderer } from "./renderer.ts";
import { listenToStop } from "./stop_signal.ts";
import { setTheme, THEME_NAMES } from "./theme.ts";

/**
 * Settings of {@linkcode notebook}.
 *
 * @category Notebook
 */
export interface NotebookOptions {
  /**
   * The form of figures: `html`, interactive if scripts run, otherwise static
   * images; `png`, images only, for notebooks in a repository; `mime`, for
   * notebooks with a plotly extension.
   *
   * @default {"html"}
   */
  readonly renderer?: "html" | "png" | "mime";
  /**
   * Colour theme of static images. Interactive figures follow the theme of the
   * page.
   *
   * @default {"light"}
   */
  readonly theme?: "light" | "dark";
}

/**
 * Sets up a notebook: figures become interactive, without a network, and the
 * Stop button aborts a run instead of the kernel. Computations with `tf` run on
 * the backend "wasm", many times faster than "cpu", unless another was chosen
 * before.
 *
 * Call it in the first cell. With the renderer `html`, the output of the cell
 * contains the plotting library, about 0.7 MB, for the whole notebook. Without
 * this call, figures are static images, and Stop ends the kernel. Outside a
 * notebook it only sets renderer and theme, so that the code of a notebook also
 * runs as a script.
 *
 * @param options Form and colours of figures.
 * @returns A promise that resolves when everything is set up.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If the renderer or the theme is unknown, or Deno is
 * older than 2.9.1, whose kernels lose outputs.
 *
 * @example The first cell of a notebook that is kept in a repository
 * ```ts
 * import { notebook, show } from "@sonde/sonde";
 *
 * await notebook({ renderer: "png" });
 * await show("ready");
 * ```
 *
 * @category Notebook
 */
export async function notebook(options: NotebookOptions = {}): Promise<void> {
  const action = "set up the notebook";
  checkOptions(options, action, ["renderer", "theme"]);
  const renderer = checkOneOf(
    options.renderer ?? "html",
    action,
    "renderer",
    RENDERERS,
  );
  const { theme = "light" } = options;
  checkOneOf(theme, action, "theme", THEME_NAMES);
  if (inNotebook()) {
    checkDenoVersion(Deno.version.deno);
    listenToStop();
    await useWasm();
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
  setTheme(theme);
}

/**
 * Sets the backend "wasm" for the user's computations, if no backend was used
 * yet and its files may be read.
 */
async function useWasm(): Promise<void> {
  const { registry } = tf.engine();
  if (Object.keys(registry).length > 0) return;
  const { state } = await Deno.permissions.query({ name: "read" });
  if (state === "granted") await tf.setBackend("wasm");
}
