/**
 * Converts a `tf.LayersModel` in memory to a graph.
 *
 * The caller owns the layer objects, which are called directly. A nested model,
 * one layer in TF.js, becomes a row and, under its path, the nodes inside. They
 * refer to the tensors of the outer graph, so that all inner layers are
 * accessible.
 *
 * There are two passes over each model: first every call gets a node, so that
 * every symbolic tensor has a reference; then calls are linked, and nested
 * models are entered with their inputs.
 *
 * @module
 */
import type { tf } from "../../tf.ts";
import { cannot, checkNoOptions } from "../../check.ts";
import type { Model } from "../../types.ts";
import { type ChannelAxis, channelsOf } from "../graph/channels.ts";
import type { GraphNode, NamedWeight, NodeCall, Ref } from "../graph/graph.ts";
import { layerRow, layerWeights, symbolicSpec } from "./layer_row.ts";
import { builtInFormOfMemory, builtInLayerOfMemory } from "./memory_form.ts";
import { ModelGraph, type ModelParts } from "../graph/model_graph.ts";
import {
  asContainer,
  isBuiltInClass,
  isSequential,
} from "./built_in_classes.ts";

type Symbolic = tf.SymbolicTensor;
type Layer = tf.layers.Layer;
type Call = Layer["inboundNodes"][number];

/** A node without inputs and row yet. */
interface Draft {
  id: number;
  row: GraphNode["row"];
  inputs: readonly Ref[];
  call: NodeCall;
  readonly isListed: boolean;
  readonly weights: () => readonly NamedWeight[];
  readonly name: string;
  readonly prefix: string;
  readonly layer: Layer;
  readonly index: number | undefined;
  readonly outputs: readonly Symbolic[];
  readonly children: Draft[];
}

/** A model being entered. */
interface Scope {
  readonly model: tf.LayersModel;
  /** `""`, or a path that ends in a slash. */
  readonly prefix: string;
  /** Its inputs in the outer graph; undefined at the top. */
  readonly feeds?: readonly Ref[];
}

/** The result of entering a model. */
interface Entered {
  readonly drafts: Draft[];
  readonly topLevel: Draft[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/**
 * Creates a model from a `tf.LayersModel` in memory.
 *
 * The layer objects are called directly, so that custom classes work and the
 * results equal those of `predict`. The layers model is not changed, and
 * closing the result does not free it.
 *
 * @category Models
 * @param model A model of this TF.js, or of another copy of the same major version.
 * @returns The model, as a graph of named layers.
 * @throws {TypeError} If it is not such a model, is disposed, or has no layers.
 *
 * @example Layers inside a nested model
 * ```ts
 * import { fromLayersModel, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const dense = tf.layers.dense({ units: 2, inputShape: [3], name: "inner" });
 * const nested = tf.sequential({ name: "backbone", layers: [dense] });
 * const model = fromLayersModel(tf.sequential({ layers: [nested] }));
 * assert.deepEqual(model.layers.map(({ name }) => name), ["backbone", "backbone/inner"]);
 * ```
 */
export function fromLayersModel(model: tf.LayersModel): Model {
  checkNoOptions(arguments, "open model", "fromLayersModel(model)", 1);
  return layersGraph(model, { format: "memory", dispose: () => {} }).model;
}

/**
 * Creates the graph of a TF.js model.
 *
 * @param model The model.
 * @param parts The model, and what closing the graph frees.
 * @returns The graph.
 * @throws {TypeError} If it is not such a model, or cannot be run.
 */
export function layersGraph(
  model: tf.LayersModel,
  { format, dispose }: Pick<ModelParts, "format" | "dispose">,
): ModelGraph {
  checkModel(model);
  const { drafts, topLevel, inputs, outputs } = enter({ model, prefix: "" });
  const nodes = flatten(drafts);
  nodes.forEach((draft, id) => draft.id = id);
  const seen = new Map<GraphNode, ChannelAxis>();
  for (const draft of nodes) {
    const channels = draft.outputs.map((_, index) =>
      channelsOf({ node: draft, index }, seen)
    );
    const inbound = draft.inputs.map(({ node }) => (node as Draft).name);
    draft.row = layerRow({ ...draft, channels, inbound });
  }
  return new ModelGraph({
    name: model.name,
    format,
    nodes,
    topLevel,
    inputs,
    outputs,
    whyUnusable: () =>
      nodes.some(({ layer }) => isDisposed(layer)) ? "disposed" : undefined,
    dispose,
  });
}

function checkModel(model: tf.LayersModel): void {
  const action = "open model";
  if (!Array.isArray(model?.layers) || typeof model.predict !== "function") {
    throw new TypeError(cannot(action, "it must be a tf.LayersModel", model));
  }
  const name = `"${model.name}"`;
  if (model.layers.length === 0) {
    throw new TypeError(
      cannot(action, `${name} must have layers`, model.layers),
    );
  }
  if (!Array.isArray(model.inputs) || model.inputs.length === 0) {
    throw new TypeError(
      cannot(
        action,
        `the shapes in ${name} must be known`,
        "unbuilt",
        "give its first layer an inputShape",
      ),
    );
  }
  if (model.layers.some(isDisposed)) {
    throw new TypeError(
      cannot(
        action,
        `${name} must hold its weights`,
        "disposed",
        "disposing of a model frees layers that it shares with others",
      ),
    );
  }
}

function isDisposed(layer: Layer): boolean {
  return (layer as unknown as { _refCount: number | null })._refCount === 0;
}

function enter(scope: Scope): Entered {
  return isSequential(scope.model) ? enterChain(scope) : enterGraph(scope);
}

/** A Sequential: each layer is called on the output of the previous one. */
function enterChain({ model, prefix, feeds }: Scope): Entered {
  const hidden = feeds === undefined
    ? inputDraft(model.inputs[0]!, "", false)
    : undefined;
  const input = feeds?.[0] ?? { node: hidden!, index: 0 };
  const counts = new Map<Layer, number>();
  let at = input;
  const topLevel = callsOfChain(model).map(({ layer, call }, i) => {
    const index = feeds === undefined ? i : undefined;
    const draft = draftOf(layer, call, prefix, counts, index);
    link(draft, [at]);
    at = { node: draft, index: 0 };
    return draft;
  });
  const drafts = hidden === undefined ? topLevel : [hidden, ...topLevel];
  return { drafts, topLevel, inputs: [input], outputs: [at] };
}

/**
 * The calls of a chain, found from its end: a layer may have other calls on the
 * same tensor, but only one call outputs the tensor that the chain continues
 * with.
 */
function callsOfChain(model: tf.LayersModel): { layer: Layer; call: Call }[] {
  const calls: { layer: Layer; call: Call }[] = [];
  let tensor = model.outputs[0]!;
  for (const layer of model.layers.toReversed()) {
    if (isInputLayer(layer)) continue;
    const call = layer.inboundNodes.find(({ outputTensors }) =>
      outputTensors.some(({ id }) => id === tensor.id)
    );
    if (call === undefined) throw new TypeError(brokenChain(model, layer));
    calls.unshift({ layer, call });
    tensor = call.inputTensors[0]!;
  }
  return calls;
}

function brokenChain(model: tf.LayersModel, layer: Layer): string {
  return cannot(
    "open model",
    `each layer of "${model.name}" must be called on the one before it`,
    layer.name,
  );
}

/** A functional model: calls are linked by their symbolic tensors. */
function enterGraph({ model, prefix, feeds }: Scope): Entered {
  const { containerNodes } = model as unknown as {
    containerNodes: ReadonlySet<string>;
  };
  const refs = new Map<number, Ref>();
  const calls: { draft: Draft; call: Call }[] = [];
  const topLevel: Draft[] = [];
  const counts = new Map<Layer, number>();
  for (const [index, layer] of model.layers.entries()) {
    for (const [k, call] of layer.inboundNodes.entries()) {
      if (!containerNodes.has(`${layer.name}_ib-${k}`)) continue;
      const isFirst = !counts.has(layer);
      const keras = feeds === undefined && isFirst ? index : undefined;
      const input = model.inputs.findIndex((t) => t.sourceLayer === layer);
      const draft = isInputLayer(layer) && input >= 0
        ? inputDraft(model.inputs[input]!, prefix, true, keras, feeds?.[input])
        : draftOf(layer, call, prefix, counts, keras);
      counts.set(layer, counts.get(layer) ?? 1);
      if (isFirst) topLevel.push(draft);
      calls.push({ draft, call });
      call.outputTensors.forEach((tensor, i) =>
        refs.set(tensor.id, { node: draft, index: i })
      );
    }
  }
  const refOf = (tensor: Symbolic) => refs.get(tensor.id)!;
  for (const { draft, call } of calls) {
    if (isInputLayer(draft.layer)) continue;
    link(draft, call.inputTensors.map(refOf));
  }
  return {
    drafts: calls.map(({ draft }) => draft),
    topLevel,
    inputs: model.inputs.map(refOf),
    outputs: model.outputs.map(refOf),
  };
}

/** Links a call to its inputs; a nested model is entered with them. */
function link(draft: Draft, inputs: readonly Ref[]): void {
  draft.inputs = inputs;
  const model = asContainer(draft.layer);
  if (model === undefined) {
    const { layer } = draft;
    draft.call = {
      kind: "inMemory",
      layer,
      builtInForm: (node) => builtInFormOfMemory(node, layer),
      builtInLayer: () => builtInLayerOfMemory(layer),
      within: draft.prefix,
      isBuiltInClass: isBuiltInClass(layer),
    };
    return;
  }
  const inner = enter({ model, prefix: `${draft.name}/`, feeds: inputs });
  draft.children.push(...inner.drafts);
  draft.call = { kind: "alias", outputs: inner.outputs };
}

function draftOf(
  layer: Layer,
  call: Call,
  prefix: string,
  counts: Map<Layer, number>,
  index: number | undefined,
): Draft {
  const count = counts.get(layer) ?? 0;
  counts.set(layer, count + 1);
  const name = `${prefix}${layer.name}${count === 0 ? "" : `:${count}`}`;
  const { outputTensors: outputs } = call;
  return newDraft({ name, prefix, layer, index, outputs, isListed: true });
}

/** An input of the top model, or, in a nested model, an alias of its input. */
function inputDraft(
  tensor: Symbolic,
  prefix: string,
  isListed: boolean,
  index?: number,
  feed?: Ref,
): Draft {
  const { sourceLayer: layer } = tensor;
  const name = `${prefix}${layer.name}`;
  const outputs = [tensor];
  const draft = newDraft({ name, prefix, layer, index, outputs, isListed });
  draft.call = feed === undefined
    ? { kind: "input", spec: symbolicSpec(tensor, name) }
    : { kind: "alias", outputs: [feed] };
  return draft;
}

function newDraft(
  parts: Pick<
    Draft,
    "name" | "prefix" | "layer" | "index" | "outputs" | "isListed"
  >,
): Draft {
  const draft: Draft = {
    id: 0,
    row: undefined!,
    inputs: [],
    call: { kind: "alias", outputs: [] }, // until it is linked
    weights: () => namedWeights(draft),
    children: [],
    ...parts,
  };
  return draft;
}

function flatten(drafts: readonly Draft[]): Draft[] {
  return drafts.flatMap((draft) => [draft, ...flatten(draft.children)]);
}

function isInputLayer(layer: Layer): boolean {
  return layer.getClassName() === "InputLayer";
}

/** Names without the layer's own; those of nested layers under their path. */
function namedWeights(draft: Draft): NamedWeight[] {
  return draft.call.kind === "alias"
    ? weightsInside(draft)
    : layerWeights(draft.layer);
}

/** The weights of a model; a layer that is called twice is counted once. */
function weightsInside({ children, name: path }: Draft): NamedWeight[] {
  const seen = new Set<Layer>();
  return children.flatMap((child) => {
    if (seen.has(child.layer)) return [];
    seen.add(child.layer);
    const inside = child.name.slice(path.length + 1);
    return namedWeights(child).map(({ name, value }) => ({
      name: `${inside}/${name}`,
      value,
    }));
  });
}
