import type * as tf from "@tensorflow/tfjs";
import { ModelFormatError } from "../errors.ts";
import { cannot } from "../check.ts";
import {
  type ByteSource,
  bytesSource,
  fileSource,
  openSource,
} from "../formats/byte_source.ts";
import { MOST_JSON } from "../formats/loose_json.ts";
import type { LayerFactory } from "../layers/layer.ts";
import type { Model } from "../types.ts";
import {
  buildGraphModel,
  buildLayersModel,
  type Built,
} from "./tfjs/build_model.ts";
import { operationsGraph } from "./tfjs/from_graph_model.ts";
import { layersGraph } from "./tfjs/from_layers_model.ts";
import { identify, refusal } from "./files/identify.ts";
import {
  type KerasFile,
  openKerasFile,
  openKerasSource,
} from "./keras/keras_file.ts";
import { modelOfKerasFile } from "./keras/load_keras.ts";
import type { LoadModelOptions } from "./load_model.ts";
import { loadOnnx } from "./onnx/load_onnx.ts";
import { modelOfLayersJson, readLayersJson } from "./tfjs/layers_json.ts";
import { isGraph, type ModelJson, parseModelJson } from "./tfjs/model_json.ts";
import { fileUrl, readFile } from "./files/read_file.ts";
import { isForTfjs } from "./tfjs/tfjs_dialect.ts";
import { checkTopology } from "./tfjs/topology.ts";
import {
  checkFinite,
  openWeightFiles,
  readWeightFiles,
} from "./tfjs/weight_files.ts";

/**
 * Opens a model, told by its content.
 *
 * @param source A path, a URL, or bytes.
 * @param options What was asked for.
 * @returns The model.
 * @throws {ModelFormatError} If it is none, or is not understood.
 */
export async function openModel(
  source: string | URL | Uint8Array | Blob,
  { customLayers = {}, allowNonFinite = false, signal }: LoadModelOptions,
): Promise<Model> {
  const ours = (file: KerasFile) =>
    modelOfKerasFile(file, customLayers, allowNonFinite);
  if (source instanceof Uint8Array || source instanceof Blob) {
    const bytes = await openSource(source, signal);
    const { kind } = guarded(bytes, () => identify(bytes));
    if (kind === "onnx") {
      return await loadOnnx(bytes, { allowNonFinite, signal });
    }
    return ours(await openKerasSource(bytes, signal));
  }
  const url = fileUrl(source);
  const folder = url.protocol === "file:" && await isFolder(url);
  if (folder) {
    return ours(await openKerasFile(url, signal));
  }
  const bytes = url.protocol === "file:"
    ? fileSource(url)
    : bytesSource(await readFile(url, signal), url.href);
  const kind = guarded(bytes, () => identify(bytes));
  if (kind.kind === "keras" || kind.kind === "hdf5") {
    return ours(await openKerasSource(bytes, signal));
  }
  if (kind.kind === "onnx") {
    return await loadOnnx(bytes, { url, allowNonFinite, signal });
  }
  const isShort = kind.kind === "tfjs" && bytes.size <= MOST_JSON;
  const text = new Uint8Array(isShort ? bytes.size : 0);
  bytes.read(0, text);
  bytes.close();
  if (kind.kind !== "tfjs") throw refusal(url.href, kind);
  if (!isShort) {
    throw new ModelFormatError(
      url.href,
      `a model.json must have at most ${MOST_JSON} bytes: current value is ${bytes.size}`,
    );
  }
  return await loadModelJson(text, url, {
    customLayers,
    allowNonFinite,
    signal,
  });
}

async function isFolder(url: URL): Promise<boolean> {
  try {
    return (await Deno.stat(url)).isDirectory;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(
      cannot("load model", "the file must be there", url.pathname),
      { cause },
    );
  }
}

/** What a file is; it is closed if that cannot be told. */
function guarded<R>(bytes: ByteSource, work: () => R): R {
  try {
    return work();
  } catch (cause) {
    bytes.close();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFormatError(bytes.name, `it must be intact: ${text}`, {
      cause,
    });
  }
}

/** Settings with which a `model.json` is opened. */
interface JsonOptions {
  readonly customLayers: Readonly<Record<string, LayerFactory>>;
  readonly allowNonFinite: boolean;
  readonly signal: AbortSignal | undefined;
}

async function loadModelJson(
  bytes: Uint8Array,
  url: URL,
  { customLayers, allowNonFinite, signal }: JsonOptions,
): Promise<Model> {
  const json = parseModelJson(bytes, url.href);
  if (isGraph(json.modelTopology)) {
    // A graph's constants may well be infinite: masks are.
    const building = buildGraphModel(
      await artifactsOf(json, url, true, signal),
    );
    return await opened(url, building, operationsGraph, "tfjs-graph");
  }
  const layers = readLayersJson(json, url.href, customLayers);
  const { dialect, spec } = layers;
  if (dialect === "tfjs" && isForTfjs(spec, customLayers)) {
    checkTopology(json.modelTopology, url.href);
    const building = buildLayersModel(
      await artifactsOf(json, url, allowNonFinite, signal),
    );
    return await opened(url, building, layersGraph, "tfjs-layers");
  }
  const weights = await openWeightFiles(json.weightsManifest, url, signal);
  return modelOfLayersJson(layers, weights, allowNonFinite);
}

/** What TF.js builds a model of. */
async function artifactsOf(
  json: ModelJson,
  url: URL,
  allowNonFinite: boolean,
  signal: AbortSignal | undefined,
): Promise<tf.io.ModelArtifacts> {
  const { weightsManifest, format: _format, ...rest } = json;
  const weights = await readWeightFiles(weightsManifest, url, signal);
  if (!allowNonFinite) checkFinite(weights, url);
  return { ...rest, ...weights } as tf.io.ModelArtifacts;
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
