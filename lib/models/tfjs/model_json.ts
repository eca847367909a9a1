/**
 * Reads and checks a `model.json` of TF.js, before anything is built.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { isPlainObject, quote } from "../../check.ts";
import { errorText, ModelFormatError } from "../../errors.ts";
import {
  descriptionLimits,
  MOST_MODEL_JSON,
  parseLooseJson,
} from "../../formats/loose_json.ts";

/** The used properties of a `model.json`. */
export interface ModelJson {
  /** A graph of layers, or of operations. */
  readonly modelTopology: Readonly<Record<string, unknown>>;
  /** The weights in each file. */
  readonly weightsManifest: readonly WeightsGroup[];
  readonly [key: string]: unknown;
}

/** Weights that are stored contiguously in some files. */
export interface WeightsGroup {
  /** Files, relative to the `model.json`. */
  readonly paths: readonly string[];
  /** Weights, in the order of their bytes. */
  readonly weights: readonly tf.io.WeightsManifestEntry[];
}

/**
 * Reads a `model.json`, and checks what TF.js does not check.
 *
 * @param bytes The file's bytes.
 * @param source The file, for messages.
 * @param configBytes Number of bytes that the caller allows.
 * @returns Its contents.
 * @throws {ModelFormatError} If it is not JSON, or not a model.
 */
export function parseModelJson(
  bytes: Uint8Array,
  source: string,
  configBytes?: number,
): ModelJson {
  const json = parse(bytes, source, configBytes);
  const { modelTopology: topology, weightsManifest } = json;
  if (!isPlainObject(topology) || (!isGraph(topology) && !isLayers(topology))) {
    const keys = Object.keys(json).slice(0, 8).join(", ");
    throw new ModelFormatError(
      source,
      `it must hold a layers model or a graph model under "modelTopology": current keys are ${
        keys || "none"
      }`,
    );
  }
  if (!Array.isArray(weightsManifest)) {
    throw new ModelFormatError(
      source,
      `it must list its weight files under "weightsManifest": current value is ${
        quote(weightsManifest)
      }`,
    );
  }
  const initializer = Object.keys(json.modelInitializer ?? {});
  if (isGraph(topology) && initializer.length > 0) {
    // Its tables are filled by a run that the loader would not await.
    throw new ModelFormatError(
      source,
      `a graph model must run without "modelInitializer": current value is ${
        quote(initializer)
      }; load it by tf.loadGraphModel and use fromGraphModel()`,
    );
  }
  return { ...json, modelTopology: topology, weightsManifest };
}

/**
 * Whether a topology is a graph of operations, not of layers.
 *
 * @param topology The value of `modelTopology`.
 * @returns True if it lists operations.
 */
export function isGraph(topology: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(topology.node);
}

function isLayers(topology: Readonly<Record<string, unknown>>): boolean {
  return "model_config" in topology || "class_name" in topology;
}

function parse(
  bytes: Uint8Array,
  source: string,
  configBytes?: number,
): Record<string, unknown> {
  let json: unknown;
  try {
    const limits = descriptionLimits(configBytes, MOST_MODEL_JSON);
    json = parseLooseJson(bytes, source, limits);
  } catch (cause) {
    const text = errorText(cause);
    throw new ModelFormatError(source, `it must hold a JSON object: ${text}`, {
      cause,
    });
  }
  if (isPlainObject(json)) return json;
  throw new ModelFormatError(
    source,
    `it must hold a JSON object: current value is ${quote(json)}`,
  );
}
