/**
 * Opens a `model.json`.
 *
 * A `model.json` of layers contains its writer. A file of TF.js has TF.js'
 * semantics; a file that the converter made from a Keras model has the
 * semantics of that Keras version, in Keras' format, of which TF.js reads only
 * the older one.
 *
 * @module
 */
import type { io } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";
import { cannot, quote } from "../../check.ts";
import { errorText, ModelFormatError } from "../../errors.ts";
import type { CustomTable } from "../../layers/custom_objects.ts";
import type { Dialect } from "../../layers/layer.ts";
import { Pacer } from "../../formats/pacer.ts";
import { type ModelSpec, readTopology } from "../keras/keras_topology.ts";
import {
  beyondLimit,
  DEFAULT_LIMITS,
  type ModelLimits,
} from "../graph/limits.ts";
import { layerGraph } from "../keras/layer_graph.ts";
import { numNonFinite } from "../graph/weights.ts";
import { manifestWeights } from "./manifest_weights.ts";
import type { ModelGraph } from "../graph/model_graph.ts";
import {
  buildGraphModel,
  type BuiltGraph,
  quietBackend,
} from "./build_graph_model.ts";
import { layersGraph } from "./from_layers_model.ts";
import { operationsGraph } from "./from_graph_model.ts";
import { isGraph, type ModelJson, parseModelJson } from "./model_json.ts";
import { inKerasWords, otherMeanings, recipe } from "./tfjs_dialect.ts";
import {
  type OpenWeightFiles,
  openWeightFiles,
  readWeightFiles,
} from "./weight_files.ts";

/** Options for opening a `model.json`. */
interface JsonOptions {
  readonly customLayers: CustomTable;
  readonly allowNonFinite: boolean;
  readonly limits?: Required<ModelLimits>;
  /** The largest file that the caller allows, in bytes. */
  readonly configBytes?: number | undefined;
  /** Yields the thread at intervals, and aborts. */
  readonly pacer: Pacer;
}

/** The description in a `model.json` of layers. */
export interface LayersJson {
  /** Its writer. */
  readonly dialect: Dialect;
  /** The model. */
  readonly spec: ModelSpec;
  /** The file, for messages. */
  readonly source: string;
  /** Factories of custom layers, by class name. */
  readonly customLayers: CustomTable;
}

/**
 * Reads the description in a `model.json`.
 *
 * @param json The contents of the file.
 * @param source The file, for messages.
 * @param customLayers Factories of custom layers, by class name.
 * @returns The description, and its writer.
 * @throws {ModelFormatError} If its writer is unknown, or it is damaged.
 */
export function readLayersJson(
  json: ModelJson,
  source: string,
  customLayers: CustomTable,
  limits: Required<ModelLimits> = DEFAULT_LIMITS,
): LayersJson {
  const dialect = writerOf(json, source);
  const { modelTopology } = json;
  const spec = readTopology(
    modelTopology.model_config ?? modelTopology,
    dialect === "tfjs" ? 2 : dialect,
    source,
    limits,
  );
  return {
    dialect,
    spec: dialect === "tfjs" ? inKerasWords(spec) : spec,
    source,
    customLayers,
  };
}

/**
 * Opens a `model.json`: layers as built-in layers, graphs with TF.js.
 *
 * @param file The JSON, and its URL.
 * @param options Custom objects, allowed weights, pacer.
 * @returns The model.
 * @throws {ModelFormatError} If it is not a model, or a layer is not supported.
 */
export async function loadModelJson(
  { text, url }: { readonly text: Uint8Array; readonly url: URL },
  {
    customLayers,
    allowNonFinite,
    limits = DEFAULT_LIMITS,
    configBytes,
    pacer,
  }: JsonOptions,
): Promise<ModelGraph> {
  const json = parseModelJson(text, url.href, configBytes);
  if (isGraph(json.modelTopology)) {
    checkGraphSize(json.modelTopology, url.href, limits);
    return await loadGraph(json, url, pacer);
  }
  const layers = readLayersJson(json, url.href, customLayers, limits);
  const { weightsManifest } = json;
  const weights = await openWeightFiles(weightsManifest, url, pacer.signal);
  const model = await modelOfLayersJson(layers, weights, {
    allowNonFinite,
    limits,
    pacer,
  });
  const isOther = layers.dialect === "tfjs" &&
    otherMeanings(layers.spec, customLayers).length > 0;
  if (!isOther) return model;
  // It is a valid model with matching weights: TF.js builds it, with its
  // semantics.
  await model.close();
  return await loadLayers(json, url, { allowNonFinite, pacer });
}

/** Builds a model with TF.js' classes, which is run like models in memory. */
async function loadLayers(
  json: ModelJson,
  url: URL,
  { allowNonFinite, pacer }: Pick<JsonOptions, "allowNonFinite" | "pacer">,
): Promise<ModelGraph> {
  const { weightsManifest, modelTopology } = json;
  const files = await readWeightFiles(weightsManifest, url, pacer);
  await quietBackend();
  let model: tf.LayersModel;
  try {
    model = await tf.loadLayersModel(
      tf.io.fromMemory({ modelTopology, ...files } as io.ModelArtifacts),
    );
  } catch (cause) {
    throw unbuilt(url, cause);
  }
  const nonFinite = model.weights.find((weight) =>
    !allowNonFinite && numNonFinite(weight.read().dataSync()) > 0
  );
  if (nonFinite !== undefined) {
    model.dispose();
    const rule = `weight "${nonFinite.name}" must be finite`;
    const hint = "load the model with allowNonFinite: true";
    throw new RangeError(
      cannot("load model", rule, "NaN or infinite values", hint),
    );
  }
  return layersGraph(model, {
    format: "tfjs-layers",
    dispose: () => void model.dispose(),
  });
}

function unbuilt(url: URL, cause: unknown): ModelFormatError {
  const text = errorText(cause);
  const rule = "TF.js must be able to build it";
  return new ModelFormatError(
    url.href,
    `${rule}: ${text || "it gives no reason"}`,
    { cause },
  );
}

/** Operations of a graph and of its functions. */
function checkGraphSize(
  topology: unknown,
  source: string,
  { nodes: most }: Required<ModelLimits>,
): void {
  const { node, library } = topology as {
    node?: unknown;
    library?: { function?: readonly { nodeDef?: unknown }[] };
  };
  const functions = Array.isArray(library?.function) ? library.function : [];
  const count = [node, ...functions.map(({ nodeDef }) => nodeDef)]
    .reduce(
      (sum: number, list) => sum + (Array.isArray(list) ? list.length : 0),
      0,
    );
  if (count > most) {
    throw beyondLimit(source, ["nodes", most], `${count} operations`);
  }
}

/** Builds a TF.js model; on errors, frees all of its tensors. */
async function loadGraph(
  json: ModelJson,
  url: URL,
  pacer: Pacer,
): Promise<ModelGraph> {
  const { weightsManifest, format: _format, ...rest } = json;
  // Constants of a graph may be infinite, for example in masks.
  const weights = await readWeightFiles(weightsManifest, url, pacer);
  let built: BuiltGraph | undefined;
  try {
    built = await buildGraphModel(
      { ...rest, ...weights } as io.ModelArtifacts,
    );
    return operationsGraph(built.model, "tfjs-graph", built.free);
  } catch (cause) {
    built?.free();
    throw unbuilt(url, cause);
  }
}

/**
 * Creates the graph of a `model.json` of layers. Closing the graph closes the
 * weights.
 *
 * @param json The description.
 * @param weights The weights; they are closed if this throws.
 * @param options Allowed weights, limits, pacer.
 * @returns The graph.
 * @throws {ModelFormatError} If a layer is unknown or not supported.
 */
export async function modelOfLayersJson(
  json: LayersJson,
  { weights, close }: OpenWeightFiles,
  options: Partial<Omit<JsonOptions, "customLayers">> = {},
): Promise<ModelGraph> {
  const { allowNonFinite = false, limits = DEFAULT_LIMITS } = options;
  const { pacer = new Pacer() } = options;
  try {
    return await pacer.drive(layerGraph({
      ...json,
      format: "tfjs-layers",
      bindWeights: manifestWeights(weights, json.spec.name, json.source),
      ...(json.dialect === "tfjs" ? { advice: recipe(json.source) } : {}),
      allowNonFinite,
      limits,
      dispose: close,
    }));
  } catch (error) {
    close();
    throw error;
  }
}

/** Finds the writer of a file. */
function writerOf(json: ModelJson, source: string): Dialect {
  const { keras_version: version } = json.modelTopology;
  const versions = [version, json.generatedBy];
  for (const text of versions) {
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
