import { type CustomTable, customTable } from "../layers/custom_objects.ts";
import type { LayerFactory } from "../layers/layer.ts";
import type { Model } from "../types.ts";
import { loadingPacer, type Pacer } from "./graph/loading_pacer.ts";
import type { ModelGraph } from "./graph/model_graph.ts";
import { checkLimits, type ModelLimits } from "./graph/limits.ts";
import { openModelFile } from "./files/open_model_file.ts";
import { checkAliases } from "./keras/known_names.ts";
import { modelOfKerasFile, openKerasFile } from "./keras/keras_file.ts";
import { loadOnnx } from "./onnx/load_onnx.ts";
import { loadModelJson } from "./tfjs/load_model_json.ts";

/**
 * Settings of `loadModel`.
 *
 * @category Models
 */
export interface LoadModelOptions {
  /**
   * What Keras' files hold and Keras does not have, as Keras' `custom_objects`:
   * factories of layers, activations `(ops, x)`, operations
   * `(ops, args, kwargs)`, and names of known classes for aliases. Keys are the
   * names in the file, with or without the package: `Twice`, `my>Twice`.
   */
  readonly customObjects?: CustomTable;
  /** Another name of `customObjects`, for the layers among them. */
  readonly customLayers?: Readonly<Record<string, LayerFactory>>;
  /**
   * Whether the model may run with weights that are NaN or infinite.
   *
   * @default {false}
   */
  readonly allowNonFinite?: boolean;
  /**
   * How large the model may become: layers that nested models unfold to, and
   * the size of tensors.
   */
  readonly limits?: ModelLimits;
  /**
   * Stops the loading: the promise rejects at once, and what was opened is
   * closed. A graph model is built by TF.js in one go.
   */
  readonly signal?: AbortSignal;
}

/**
 * Reads a model of any format, told by its content.
 *
 * @param source A path, a URL, or bytes.
 * @param options Custom layers, what weights may be, and a signal.
 * @returns The model.
 * @throws {ModelFormatError} If it is none, or is not understood.
 * @throws {DOMException} If it is stopped.
 */
export async function readModel(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions,
): Promise<Model> {
  const pacer = loadingPacer(source, options.signal);
  const reading = readInSteps(source, options, pacer);
  const graph = await pacer.race(reading, (late) => late.close());
  return graph.model;
}

async function readInSteps(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions,
  pacer: Pacer,
): Promise<ModelGraph> {
  const { allowNonFinite = false } = options;
  const { customObjects = {}, customLayers: layers = {} } = options;
  const customLayers = customTable(customObjects, layers);
  checkAliases(customLayers);
  const limits = checkLimits(options.limits);
  pacer.check();
  const file = await openModelFile(source, pacer.signal);
  switch (file.kind) {
    case "onnx":
      return await loadOnnx(file, { allowNonFinite, limits, pacer });
    case "tfjs":
      return await loadModelJson(file, {
        customLayers,
        allowNonFinite,
        limits,
        pacer,
      });
    default: {
      const opened = await openKerasFile(file, pacer);
      return await modelOfKerasFile(opened, {
        customLayers,
        allowNonFinite,
        limits,
        pacer,
      });
    }
  }
}
