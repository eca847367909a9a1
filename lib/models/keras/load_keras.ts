import type { LayerFactory } from "../../layers/layer.ts";
import type { KerasFile } from "./keras_file.ts";
import { readTopology } from "./keras_topology.ts";
import { layerGraph } from "./layer_graph.ts";
import type { ModelGraph } from "../graph/model_graph.ts";

/**
 * Makes a model of an open Keras file. The model closes the file.
 *
 * @param file The file; it is closed if this throws.
 * @param customLayers Factories of custom layers, by class name.
 * @param allowNonFinite Whether it may run with weights that are NaN or infinite.
 * @returns The model.
 * @throws {ModelFormatError} If a layer is not known or not understood.
 */
export function modelOfKerasFile(
  file: KerasFile,
  customLayers: Readonly<Record<string, LayerFactory>> = {},
  allowNonFinite = false,
): ModelGraph {
  try {
    return layerGraph({
      spec: readTopology(file.config, file.major, file.source),
      format: file.format,
      dialect: file.major,
      source: file.source,
      customLayers,
      weights: file.weights,
      allowNonFinite,
      dispose: () => file.close(),
    });
  } catch (error) {
    file.close();
    throw error;
  }
}
