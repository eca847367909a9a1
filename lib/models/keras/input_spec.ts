import { cannot } from "../../check.ts";
import { isKnownPolicy, policyName } from "../../layers/config_reader.ts";
import type { DType, TensorSpec } from "../../types.ts";
import { type NodeCall, type Ref, tensorSpec } from "../graph/graph.ts";
import type { LayerSpec, ModelSpec } from "./keras_topology.ts";
import type { LayerDraft } from "./layer_draft.ts";

/**
 * The spec of a model's input, from its layer.
 *
 * @param name The input's name.
 * @param options The options of its layer.
 * @returns Its shape and element type; the batch size if it is fixed.
 * @throws {TypeError} If it does not accept dense arrays of numbers or strings.
 */
function inputSpec(
  name: string,
  options: Readonly<Record<string, unknown>>,
): TensorSpec {
  const wrong = (rule: string, value: unknown, hint?: string) =>
    new TypeError(cannot(`read input "${name}"`, rule, value, hint));
  // Advice to rename the key for TF.js is in many reports, in both spellings.
  const shape = options.batch_shape ?? options.batch_input_shape ??
    options.batchInputShape;
  if (!Array.isArray(shape) || shape.length === 0) {
    const hint = "build the model in Keras before saving it";
    throw wrong("its shape must be known", shape, hint);
  }
  if (!shape.every((size) => size === null || isSize(size))) {
    throw wrong("its sizes must be positive whole numbers or null", shape);
  }
  // A sparse input has the values of a dense one, and so has a ragged one whose
  // rows are equally long: Keras takes dense arrays for both.
  for (const kind of ["sparse", "ragged"]) {
    const value = options[kind] ?? false;
    if (typeof value !== "boolean") {
      throw wrong(`"${kind}" must be false`, value);
    }
  }
  const dtype = dtypeName(options.dtype);
  if (dtype === undefined) {
    throw wrong(
      "its element type must be a number's, or string",
      options.dtype,
    );
  }
  return tensorSpec(name, shape, dtype);
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && size as number > 0;
}

/** Half precision is read as float32; integers stay integers. */
function dtypeName(dtype: unknown): DType | "string" | undefined {
  const text = policyName(dtype);
  if (/^(u?int(8|16|32|64))$/.test(text)) return "int32";
  if (text === "bool" || text === "string") return text;
  return isKnownPolicy(text) && text.includes("float") ? "float32" : undefined;
}

/**
 * Adds the input layer to the layers of a Sequential, which Keras omits.
 *
 * @param spec The model.
 * @returns Its layers, an InputLayer first.
 */
export function withInput(spec: ModelSpec): readonly LayerSpec[] {
  const name = spec.inputs[0]!.tensor.layer;
  if (spec.layers.some((layer) => layer.name === name)) return spec.layers;
  const input: LayerSpec = {
    name,
    className: "InputLayer",
    module: undefined,
    registeredName: undefined,
    options: inputOptions(spec.layers[0]),
    model: undefined,
    calls: [],
  };
  return [input, ...spec.layers];
}

/**
 * The shape and element type of the input that a layer was built with. Keras 2.2
 * writes those of a nested model only inside it.
 */
function inputOptions(first: LayerSpec | undefined): LayerSpec["options"] {
  const { options = {}, model, timeAxes } = first ?? {};
  const shape = options.batch_input_shape ?? options.batch_shape;
  if (shape != null || model === undefined || timeAxes !== undefined) {
    return { "batch_shape": shape };
  }
  const name = model.inputs[0]!.tensor.layer;
  const input = model.layers.find((layer) => layer.name === name);
  if (input === undefined) return inputOptions(model.layers[0]);
  return { ...inputOptions(input), dtype: input.options.dtype };
}

/**
 * The computation of an input layer: fed, or an alias of the input of its
 * model.
 *
 * @param draft The layer.
 * @param feed The input of its model; undefined at the top.
 * @returns The computation.
 */
export function inputCall(draft: LayerDraft, feed: Ref | undefined): NodeCall {
  return feed === undefined
    ? { kind: "input", spec: inputSpec(draft.name, draft.spec.options) }
    : { kind: "alias", outputs: [feed] };
}
