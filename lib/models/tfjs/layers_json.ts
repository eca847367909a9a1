/**
 * A `model.json` of layers as a graph of our own layers.
 *
 * Such a file says who wrote it. What TF.js wrote means what TF.js computes;
 * what the converter made of a file of Keras means what that Keras computes,
 * and says so in Keras' own form, of which TF.js reads the older alone.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type { Dialect, LayerFactory } from "../../layers/layer.ts";
import { type ModelSpec, readTopology } from "../keras/keras_topology.ts";
import { layerGraph } from "../keras/layer_graph.ts";
import { ManifestWeights } from "./manifest_weights.ts";
import type { ModelGraph } from "../graph/model_graph.ts";
import type { ModelJson } from "./model_json.ts";
import { inKerasWords } from "./tfjs_dialect.ts";
import type { OpenWeightFiles } from "./weight_files.ts";

/** A `model.json` of layers, read as far as its description. */
export interface LayersJson {
  /** Who wrote it. */
  readonly dialect: Dialect;
  /** The model. */
  readonly spec: ModelSpec;
  /** The file, for messages. */
  readonly source: string;
  /** Factories of custom layers, by class name. */
  readonly customLayers: Readonly<Record<string, LayerFactory>>;
}

/**
 * Reads the description in a `model.json`.
 *
 * @param json What the file holds.
 * @param source The file, for messages.
 * @param customLayers Factories of custom layers, by class name.
 * @returns The description, and who wrote it.
 * @throws {ModelFormatError} If it does not say who wrote it, or is damaged.
 */
export function readLayersJson(
  json: ModelJson,
  source: string,
  customLayers: Readonly<Record<string, LayerFactory>>,
): LayersJson {
  const dialect = writerOf(json, source);
  const { modelTopology } = json;
  const spec = readTopology(
    modelTopology.model_config ?? modelTopology,
    dialect === "tfjs" ? 2 : dialect,
    source,
  );
  return {
    dialect,
    spec: dialect === "tfjs" ? inKerasWords(spec) : spec,
    source,
    customLayers,
  };
}

/**
 * Makes a graph of a `model.json` of layers. The graph closes the weights.
 *
 * @param json The description.
 * @param weights The weights; they are closed if this throws.
 * @param allowNonFinite Whether it may run with weights that are NaN or infinite.
 * @returns The graph.
 * @throws {ModelFormatError} If a layer is not known or not understood.
 */
export function modelOfLayersJson(
  json: LayersJson,
  { weights, close }: OpenWeightFiles,
  allowNonFinite = false,
): ModelGraph {
  try {
    return layerGraph({
      ...json,
      format: "tfjs-layers",
      weights: new ManifestWeights(weights, json.spec.name, json.source),
      allowNonFinite,
      dispose: close,
    });
  } catch (error) {
    close();
    throw error;
  }
}

/** Who wrote a file, as it says in one place or another. */
function writerOf(json: ModelJson, source: string): Dialect {
  const { keras_version: version } = json.modelTopology;
  const said = [version, json.generatedBy];
  for (const text of said) {
    if (typeof text !== "string") continue;
    if (/tfjs-layers/.test(text)) return "tfjs";
    if (/^(keras v)?2\.\d/.test(text)) return 2;
    if (/^(keras v)?3\.\d/.test(text)) return 3;
  }
  throw new ModelFormatError(
    source,
    `it must say in "keras_version" that TF.js, Keras 2 or Keras 3 wrote it: current value is ${
      quote(version)
    }`,
  );
}
