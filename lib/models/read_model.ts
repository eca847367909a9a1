import { type CustomTable, customTable } from "../layers/custom_objects.ts";
import type { LayerFactory } from "../layers/layer.ts";
import type { Model } from "../types.ts";
import { loadingPacer, type Pacer } from "./graph/loading_pacer.ts";
import type { ModelGraph } from "./graph/model_graph.ts";
import { checkLimits, type ModelLimits } from "./graph/limits.ts";
import { openModelFile } from "./files/open_model_file.ts";

/**
 * Settings of `loadModel`.
 *
 * @category Models
 */
export interface LoadModelOptions {
  /**
   * Custom objects, as Keras' `custom_objects`. Keys are the names in the file,
   * with or without the package: `Twice`, `my>Twice`. What a value is follows
   * from its use in the file:
   *
   * - a class of layers: a layer factory, `(config) => ({ weights, call })`;
   * - an activation: `(ops, x) => …`;
   * - an operation: `(ops, args, kwargs) => …`;
   * - a `Lambda` layer: `(ops, x, args) => …`, with a list of tensors for
   *   several inputs, and the layer's `arguments`. One over a function with a
   *   name is passed under that name, one over code under the layer's name, or
   *   as `Lambda`;
   * - each of these: the name of a built-in class or activation, as an alias. A
   *   class that is not of Keras, but has the name of one, is passed like
   *   others; `{ Attention: "Attention" }` takes that of Keras.
   *
   * Operations and `Lambda` layers may also be layer factories: a function with
   * one parameter is one, a function with several computes. Parameters with
   * default values count, and a rest parameter counts as several. Functions
   * must not be async functions, generators or classes.
   *
   * In custom functions, numbers, lists of numbers and arrays `{ data, shape }`
   * count as constants: `ops.multiply(x, 2)`, `ops.add(x, [1, 2])`. The types
   * of TypeScript ask for `ops.constant(2)`. Tensors of another call, of another
   * model or of TF.js are errors.
   */
  readonly customObjects?: CustomTable;
  /** Another name of `customObjects`, for layers. */
  readonly customLayers?: Readonly<Record<string, LayerFactory>>;
  /**
   * Whether the model may run with weights that are NaN or infinite.
   *
   * @default {false}
   */
  readonly allowNonFinite?: boolean;
  /**
   * Limits of the model: the number of layers of unfolded nested models, and
   * the size of tensors.
   */
  readonly limits?: ModelLimits;
  /**
   * Aborts the loading: the promise rejects immediately, and opened files are
   * closed. Building a graph model in TF.js cannot be interrupted.
   */
  readonly signal?: AbortSignal;
}

/**
 * Reads a model of any format, which is detected from its content.
 *
 * @param source A path, a URL, or bytes.
 * @param options Custom objects, allowed weights; signal.
 * @param startRuntime Is called before an ONNX file is read.
 * @returns The model.
 * @throws {ModelFormatError} If it is not a model, or is not supported.
 * @throws {DOMException} If it is aborted.
 */
export async function readModel(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions,
  startRuntime: () => Promise<void>,
): Promise<Model> {
  const pacer = loadingPacer(source, options.signal);
  const reading = readInSteps(source, options, pacer, startRuntime);
  const graph = await pacer.race(reading, (late) => late.close());
  return graph.model;
}

async function readInSteps(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions,
  pacer: Pacer,
  startRuntime: () => Promise<void>,
): Promise<ModelGraph> {
  const { allowNonFinite = false } = options;
  const { customObjects = {}, customLayers: layers = {} } = options;
  const customLayers = customTable(customObjects, layers);
  if (Object.keys(customLayers).length > 0) {
    const { checkAliases } = await import("./keras/known_names.ts");
    checkAliases(customLayers);
  }
  const limits = checkLimits(options.limits);
  const settings = { customLayers, allowNonFinite, limits, pacer };
  const configBytes = options.limits?.configBytes;
  pacer.check();
  const file = await openModelFile(source, pacer.signal, configBytes);
  switch (file.kind) {
    case "onnx": {
      await startRuntime();
      const { loadOnnx } = await import("./onnx/load_onnx.ts");
      return await loadOnnx(file, settings);
    }
    case "tfjs": {
      const { loadModelJson } = await import("./tfjs/load_model_json.ts");
      return await loadModelJson(file, { ...settings, configBytes });
    }
    default: {
      const { modelOfKerasFile, openKerasFile } = await import(
        "./keras/keras_file.ts"
      );
      return await modelOfKerasFile(
        await openKerasFile(file, pacer, limits),
        settings,
      );
    }
  }
}
