import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { abortError, ModelFormatError } from "../errors.ts";
import { cannot, checkAwaited, checkOptions } from "../check.ts";
import type { Model } from "../types.ts";
import { operationsGraph } from "./from_graph_model.ts";
import { layersGraph } from "./from_layers_model.ts";
import { checkTopology } from "./topology.ts";

/** Settings of {@linkcode loadModel}. */
export interface LoadModelOptions {
  /** Stops the loading. */
  readonly signal?: AbortSignal;
}

/** A `model.json`, as far as it is read here. */
interface ModelJson {
  readonly format?: unknown;
  readonly modelTopology?: Record<string, unknown>;
  readonly weightsManifest?: readonly WeightsGroup[];
  readonly signature?: Record<string, unknown>;
  readonly userDefinedMetadata?: Record<string, unknown>;
  readonly modelInitializer?: Record<string, unknown>;
  readonly initializerSignature?: Record<string, unknown>;
  readonly [key: string]: unknown;
}
interface WeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly tf.io.WeightsManifestEntry[];
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
  const url = urlOf(source);
  const json = parse(await read(url, options.signal), url);
  const isGraph = Array.isArray(json.modelTopology?.node);
  checkFormat(json, isGraph, url);
  const artifacts = await artifactsOf(json, url, options.signal);
  await tf.ready();
  return isGraph ? graph(artifacts, url) : await layers(artifacts, url);
}

function urlOf(source: string | URL): URL {
  if (source instanceof URL) return source;
  if (typeof source !== "string" || source === "") {
    throw new TypeError(
      cannot("load model", "its source must be a path or a URL", source),
    );
  }
  if (/^(https?|file|data|blob):/.test(source)) return new URL(source);
  return pathToFileURL(source);
}

async function read(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  if (signal?.aborted) throw abortError(signal, `while loading ${url.href}`);
  if (url.protocol === "file:") {
    try {
      return await Deno.readFile(url, signal ? { signal } : {});
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Deno.errors.NotFound(
        cannot("load model", "the file must be there", url.pathname),
        { cause: error },
      );
    }
  }
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok) {
    await response.body?.cancel();
    const status = `${response.status} ${response.statusText}`.trim();
    throw new Deno.errors.NotFound(
      cannot("load model", `${url.href} must be there`, status),
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

function parse(bytes: Uint8Array, url: URL): ModelJson {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const rule =
      "it must be a model.json, which is text: current bytes are not UTF-8";
    throw new ModelFormatError(url.href, rule, { cause });
  }
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null) return json as ModelJson;
    throw new SyntaxError(`found ${typeof json}`);
  } catch (cause) {
    const begin = JSON.stringify(text.slice(0, 40));
    throw new ModelFormatError(
      url.href,
      `it must hold a JSON object: current text begins with ${begin}`,
      { cause },
    );
  }
}

function checkFormat(json: ModelJson, isGraph: boolean, url: URL): void {
  const { modelTopology: topology, weightsManifest } = json;
  const isLayers = topology !== null && typeof topology === "object" &&
    ("model_config" in topology || "class_name" in topology);
  if (!isGraph && !isLayers) {
    const keys = Object.keys(json).slice(0, 8).join(", ");
    throw new ModelFormatError(
      url.href,
      `it must hold a layers model or a graph model under "modelTopology": current keys are ${
        keys || "none"
      }`,
    );
  }
  if (!Array.isArray(weightsManifest)) {
    const rule =
      `it must list its weight files under "weightsManifest": current value is ${
        JSON.stringify(weightsManifest)
      }`;
    throw new ModelFormatError(url.href, rule);
  }
  if (!isGraph) checkTopology(topology!, url.href);
}

/** Reads the weight files, all from the model's own folder. */
async function artifactsOf(
  json: ModelJson,
  url: URL,
  signal?: AbortSignal,
): Promise<tf.io.ModelArtifacts> {
  const weightSpecs: tf.io.WeightsManifestEntry[] = [];
  const parts: Uint8Array[] = [];
  for (const group of json.weightsManifest!) {
    const specs = checkGroup(group, url);
    const files = group.paths.map((path) => weightsUrl(path, url));
    const bytes = await Promise.all(files.map((file) => read(file, signal)));
    const found = bytes.reduce((sum, { length }) => sum + length, 0);
    const wanted = specs.reduce((sum, spec) => sum + bytesOf(spec, url), 0);
    if (found !== wanted) {
      throw new ModelFormatError(
        url.href,
        `its weight files ${
          group.paths.map((path) => `"${path}"`).join(", ")
        } must hold ${wanted} bytes: current size is ${found}`,
      );
    }
    weightSpecs.push(...specs);
    parts.push(...bytes);
  }
  const { weightsManifest: _manifest, format: _format, ...rest } = json;
  return {
    ...rest,
    modelTopology: json.modelTopology!,
    weightSpecs,
    weightData: joined(parts),
  } as tf.io.ModelArtifacts;
}

function checkGroup(group: WeightsGroup, url: URL) {
  const { paths, weights } = group ?? {};
  if (!Array.isArray(paths) || !Array.isArray(weights)) {
    throw new ModelFormatError(
      url.href,
      `each group of "weightsManifest" must have "paths" and "weights": current group is ${
        JSON.stringify(group)?.slice(0, 80)
      }`,
    );
  }
  return weights as tf.io.WeightsManifestEntry[];
}

/** A path that stays in the folder of the model.json, as a URL. */
function weightsUrl(path: unknown, url: URL): URL {
  const isInside = typeof path === "string" && path !== "" &&
    !/^[a-z][a-z0-9+.-]*:|^[/\\]|\\|\0/i.test(path) &&
    !path.split("/").includes("..") &&
    !/%2e|%2f|%5c/i.test(path);
  if (!isInside) {
    throw new ModelFormatError(
      url.href,
      `its weight files must lie in its own folder: current path is ${
        JSON.stringify(path)
      }`,
    );
  }
  const query = url.protocol === "file:" ? "" : url.search;
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  return new URL(`${escaped}${query}`, url);
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  float16: 2,
  uint16: 2,
  uint8: 1,
  complex64: 8,
};

function bytesOf(spec: tf.io.WeightsManifestEntry, url: URL): number {
  const dtype = spec.quantization?.dtype ?? spec.dtype;
  const size = BYTES[dtype];
  const isShape = Array.isArray(spec.shape) &&
    spec.shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (size === undefined || !isShape) {
    throw new ModelFormatError(
      url.href,
      `weight "${spec.name}" must have a shape and a dtype of ${
        Object.keys(BYTES).join(", ")
      }: current values are ${JSON.stringify(spec.shape)} and "${dtype}"`,
    );
  }
  return spec.shape.reduce((product, n) => product * n, size);
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

function graph(artifacts: tf.io.ModelArtifacts, url: URL): Model {
  const model = guarded(url, () => {
    const handler = { load: () => artifacts };
    const model = tf.loadGraphModelSync(handler) as unknown as tf.GraphModel;
    return Object.keys(artifacts.modelInitializer ?? {}).length > 0
      ? refuseInitializer(model, url)
      : model;
  });
  return operationsGraph(model, "tfjs-graph", () => model.dispose());
}

/** Tables are filled by an asynchronous run that the loader does not wait for. */
function refuseInitializer(model: tf.GraphModel, url: URL): never {
  model.dispose();
  throw new ModelFormatError(
    url.href,
    `a graph model must run without "modelInitializer": load it by tf.loadGraphModel and use fromGraphModel()`,
  );
}

async function layers(
  artifacts: tf.io.ModelArtifacts,
  url: URL,
): Promise<Model> {
  const before = variables();
  let model: tf.LayersModel;
  try {
    model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  } catch (cause) {
    // What TF.js made before it failed: nobody else holds these variables.
    for (
      const [name, variable] of Object.entries(tf.engine().registeredVariables)
    ) {
      if (!before.has(name)) variable.dispose();
    }
    throw wrapped(url, cause);
  }
  return layersGraph(model, "tfjs-layers", () => model.dispose());
}

function variables(): Set<string> {
  return new Set(Object.keys(tf.engine().registeredVariables));
}

function guarded<T>(url: URL, run: () => T): T {
  tf.engine().startScope("load model");
  let result: T | undefined;
  try {
    result = run();
    return result;
  } catch (cause) {
    if (cause instanceof ModelFormatError) throw cause;
    throw wrapped(url, cause);
  } finally {
    keepWeights(result);
    tf.engine().endScope();
  }
}

/** A graph model's weights outlive the scope in which they were made. */
function keepWeights(model: unknown): void {
  const { weights } = (model ?? {}) as {
    weights?: Record<string, tf.Tensor[]>;
  };
  for (const tensor of Object.values(weights ?? {}).flat()) tf.keep(tensor);
}

function wrapped(url: URL, cause: unknown): ModelFormatError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ModelFormatError(
    url.href,
    `TF.js must be able to build it: ${text || "it gives no reason"}`,
    { cause },
  );
}
