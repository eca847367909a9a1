/**
 * Finding the head: the layer that gives the logits.
 *
 * From the model's output back through softmax, log-softmax, sigmoid and linear
 * activations, and through layers that only reshape or do nothing at
 * inference, to the first layer with weights. If that one is linear it is the
 * head, and what feeds it in the graph is the penultimate; a softmax that is
 * fused in it is taken off. If a softmax or sigmoid stands over something
 * else, its input is the logits, without a head.
 *
 * Nested models need no care here: their nodes stand in the same graph.
 *
 * @module
 */
import { cannot, shapeText } from "../../check.ts";
import type { OutputActivation } from "../../types.ts";
import { type GraphNode, origin, type Ref, specOf } from "./graph.ts";
import { graphLink } from "./graph_head.ts";
import type { HeadActivation, HeadTensors, Link } from "./head_link.ts";
import { layerLink } from "./layer_head.ts";
import { onnxLink } from "./onnx_head.ts";

type LinearLink = Link & { readonly kind: "linear" };

/** A linear layer that gives the logits. */
export interface Head {
  readonly node: GraphNode;
  /** What feeds it. */
  readonly penultimate: Ref;
  readonly weights: () => HeadTensors;
  /** Whether it is a convolution over a map of one place. */
  readonly isConvolution: boolean;
  /** Where its channels stand; last, unless said. */
  readonly channels?: "first";
}

/** What is known of a model's logits. */
export interface Logits {
  /** Undefined where the logits are an activation's input. */
  readonly head?: Head;
  /** The tensor that holds the logits in the graph; undefined where they are fused. */
  readonly direct?: Ref;
  readonly activation: OutputActivation;
  /** Names of the nodes whose activation was left off. */
  readonly removed: readonly string[];
}

/** The outcome of the walk. */
export interface HeadSearch {
  readonly logits: Logits | undefined;
  /** Names of the nodes that were looked at, from the output on. */
  readonly looked: readonly string[];
  /** Why there are no logits, for messages. */
  readonly why: string;
}

/**
 * Walks back from a model's output to its head.
 *
 * @param outputs The model's outputs.
 * @returns What was found.
 */
export function searchHead(outputs: readonly Ref[]): HeadSearch {
  if (outputs.length !== 1) {
    const why = `the model has ${outputs.length} outputs`;
    return {
      logits: undefined,
      looked: outputs.map(({ node }) => node.row.name),
      why,
    };
  }
  return walk(outputs[0]!);
}

function walk(output: Ref): HeadSearch {
  const looked: string[] = [];
  const removed: string[] = [];
  let activation: OutputActivation = "none";
  let under: Ref | undefined;
  let isReshaped = false;
  let rule = "";
  for (let at: Ref | undefined = output; at !== undefined;) {
    const { node } = origin(at);
    looked.push(node.row.name);
    const link = linkOf(node);
    rule = `"${node.row.name}" is no linear layer`;
    if (link.kind === "linear" && link.activation !== "other") {
      rule = `"${node.row.name}" does not give one row a sample`;
      const isSame = activation !== "softmax" || keepsRows(node, under!);
      if (!isSame || !isHead(link, output)) break;
      const fused = outputName(link.activation);
      if (fused !== "none") removed.unshift(node.row.name);
      const logits = headLogits(node, link, fused, activation, removed);
      return { logits, looked, why: "" };
    }
    const [next] = node.inputs;
    if (link.kind === "activation" && link.activation !== "linear") {
      removed.unshift(node.row.name);
      activation = outputName(link.activation);
      under = next;
    } else if (link.kind === "pass") isReshaped ||= under === undefined;
    else if (link.kind !== "activation") break;
    at = next;
  }
  if (under === undefined || !isOverVectors(under, output, isReshaped)) {
    return { logits: undefined, looked, why: rule };
  }
  const why =
    `the softmax or sigmoid stands over "${under.node.row.name}", and ${rule}`;
  return { logits: { direct: under, activation, removed }, looked, why };
}

/**
 * Takes a layer that the caller names as the head.
 *
 * @param node The layer's node.
 * @returns The logits that it gives, before its own activation.
 * @throws {TypeError} If it is neither linear nor a softmax or sigmoid.
 */
export function headAt(node: GraphNode): Logits {
  const { node: at } = origin({ node, index: 0 });
  const link = linkOf(at);
  checkOnePlace(node, link);
  if (link.kind === "linear") {
    const name = link.activation === "other" ? "linear" : link.activation;
    const outer = outputName(name);
    const isFused = link.activation !== "linear";
    return headLogits(at, link, outer, "none", isFused ? [at.row.name] : []);
  }
  if (link.kind === "activation") {
    const { activation } = link;
    return {
      direct: at.inputs[0]!,
      activation: outputName(activation),
      removed: activation === "linear" ? [] : [at.row.name],
    };
  }
  throw new TypeError(
    cannot(
      "set head",
      `layer "${node.row.name}" must be a Dense, a convolution, a softmax or a sigmoid`,
      node.row.kind,
    ),
  );
}

function headLogits(
  node: GraphNode,
  link: LinearLink,
  fused: OutputActivation,
  outer: OutputActivation,
  removed: readonly string[],
): Logits {
  const { penultimate, weights, isConvolution, channels } = link;
  const place = channels === undefined ? {} : { channels };
  return {
    head: { node, penultimate, weights, isConvolution, ...place },
    ...(link.activation === "linear" ? { direct: { node, index: 0 } } : {}),
    activation: fused === "none" ? outer : fused,
    removed,
  };
}

/** What the walk makes of any node. */
function linkOf(node: GraphNode): Link {
  if (node.call.kind === "inMemory" || node.call.kind === "builtIn") {
    return layerLink(node, node.call);
  }
  if (node.call.kind === "raw") {
    return node.call.onnx === undefined ? graphLink(node) : onnxLink(node);
  }
  return { kind: "other" };
}

function outputName(activation: HeadActivation): OutputActivation {
  if (activation === "linear") return "none";
  return activation === "sigmoid" ? "sigmoid" : "softmax";
}

/**
 * Whether a linear layer is a head. A Dense is; a convolution is over a map of
 * one place. Where the graph does not say how many places there are, the
 * model's output does, if it is `[N, C]` with as many units as the layer.
 */
function isHead({ penultimate, ...link }: LinearLink, output: Ref): boolean {
  if (!link.isConvolution) return true;
  const shape = specOf(penultimate)?.shape;
  if (shape !== undefined) return isOnePlace(shape, link.channels);
  const given = specOf(output)?.shape;
  const { kernel, isTransposed } = link.weights();
  const units = kernel.shape.at(isTransposed ? -2 : -1);
  return given !== undefined && isOnePlace(given) && given.at(-1) === units;
}

/** A softmax over maps gives as many answers as places, not one for a sample. */
function isOverVectors(under: Ref, output: Ref, isReshaped: boolean): boolean {
  const shape = specOf(under)?.shape ??
    (isReshaped ? undefined : specOf(output)?.shape);
  return shape !== undefined && isOnePlace(shape);
}

/** `[N, D]` or `[N, 1, …, D]`; `[N, D, 1, …]` where channels come first. */
function isOnePlace(
  shape: readonly (number | null)[],
  channels?: "first",
): boolean {
  const places = channels === "first" ? shape.slice(2) : shape.slice(1, -1);
  return shape.length >= 2 && places.every((size) => size === 1);
}

/** Whether a softmax is over what the layer gives, and not over parts of it. */
function keepsRows(node: GraphNode, under: Ref): boolean {
  const given = node.row.outputs[0]?.shape;
  const taken = specOf(under)?.shape;
  return given === undefined || taken === undefined ||
    given.at(-1) === taken.at(-1);
}

function checkOnePlace(node: GraphNode, link: Link): void {
  const isMap = link.kind === "activation" ||
    (link.kind === "linear" && link.isConvolution);
  if (!isMap) return;
  const { node: at } = origin({ node, index: 0 });
  const shape = specOf(at.inputs[0]!)?.shape;
  const channels = link.kind === "linear" ? link.channels : undefined;
  if (shape === undefined || isOnePlace(shape, channels)) return;
  throw new TypeError(
    cannot(
      "set head",
      `what layer "${node.row.name}" receives must have one place, [N, D]`,
      shapeText(shape),
    ),
  );
}
