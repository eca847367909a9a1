import type * as tf from "@tensorflow/tfjs";
import { ModelFormatError } from "../errors.ts";
import { checkAwaited, checkOptions } from "../check.ts";
import type { Model } from "../types.ts";
import {
  buildGraphModel,
  buildLayersModel,
  type Built,
} from "./build_model.ts";
import { operationsGraph } from "./from_graph_model.ts";
import { layersGraph } from "./from_layers_model.ts";
import { isGraph, parseModelJson } from "./model_json.ts";
import { fileUrl, readFile } from "./read_file.ts";
import { readWeightFiles } from "./weight_files.ts";

/** Settings of {@linkcode loadModel}. */
export interface LoadModelOptions {
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a `model.json` of TF.js: a layers model or a graph model, told apart
 * by content.
 *
 * Weight files are read from the folder of the `model.json` and nowhere else.
 * Custom layers are those that were registered with
 * `tf.serialization.registerClass`. Closing the model frees its weights.
 *
 * @param source A path, a `file:` URL or an `http(s):` URL.
 * @param options A signal that stops the loading.
 * @returns The model.
 * @throws {ModelFormatError} If the file is no such model, or is damaged.
 * @throws {Deno.errors.NotFound} If a file is not there.
 *
 * @example A file that is not there
 * ```ts
 * import { loadModel } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(loadModel("no/such/model.json"), /model.json/);
 * ```
 */
export async function loadModel(
  source: string | URL,
  options: LoadModelOptions = {},
): Promise<Model> {
  checkAwaited(source, "load model", "the path");
  checkOptions(options, "load model", ["signal"]);
  const { signal } = options;
  const url = fileUrl(source);
  const json = parseModelJson(await readFile(url, signal), url.href);
  const { weightsManifest, format: _format, ...rest } = json;
  const weights = await readWeightFiles(weightsManifest, url, signal);
  const artifacts = { ...rest, ...weights } as tf.io.ModelArtifacts;
  return isGraph(json.modelTopology)
    ? await opened(
      url,
      buildGraphModel(artifacts),
      operationsGraph,
      "tfjs-graph",
    )
    : await opened(
      url,
      buildLayersModel(artifacts),
      layersGraph,
      "tfjs-layers",
    );
}

/** What TF.js built as a graph of ours; if that fails, nothing is left of it. */
async function opened<M, F>(
  url: URL,
  building: Promise<Built<M>>,
  open: (model: M, format: F, dispose: () => void) => Model,
  format: F,
): Promise<Model> {
  let built: Built<M> | undefined;
  try {
    built = await building;
    return open(built.model, format, built.free);
  } catch (cause) {
    built?.free();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFormatError(
      url.href,
      `TF.js must be able to build it: ${text || "it gives no reason"}`,
      { cause },
    );
  }
}
