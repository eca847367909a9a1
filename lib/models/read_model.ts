import type { LayerFactory } from "../layers/layer.ts";
import type { Model } from "../types.ts";
import { checkLimits, type ModelLimits } from "./graph/limits.ts";
import { openModelFile } from "./files/open_model_file.ts";
import { modelOfKerasFile, openKerasFile } from "./keras/keras_file.ts";
import { loadOnnx } from "./onnx/load_onnx.ts";
import { loadModelJson } from "./tfjs/load_model_json.ts";

/** Settings of `loadModel`. */
export interface LoadModelOptions {
  /** Factories of layers that Keras does not have, by class name; for Keras' files. */
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
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a model of any format, told by its content.
 *
 * @param source A path, a URL, or bytes.
 * @param options Custom layers, what weights may be, and a signal.
 * @returns The model.
 * @throws {ModelFormatError} If it is none, or is not understood.
 */
export async function readModel(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions,
): Promise<Model> {
  const { customLayers = {}, allowNonFinite = false, signal } = options;
  const limits = checkLimits(options.limits);
  const file = await openModelFile(source, signal);
  switch (file.kind) {
    case "onnx":
      return await loadOnnx(file, { allowNonFinite, limits, signal });
    case "tfjs":
      return await loadModelJson(file, {
        customLayers,
        allowNonFinite,
        limits,
        signal,
      });
    default: {
      const opened = await openKerasFile(file, signal);
      return modelOfKerasFile(opened, customLayers, allowNonFinite, limits);
    }
  }
}
