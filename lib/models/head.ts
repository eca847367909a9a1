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
import { cannot } from "../check.ts";
import type { OutputActivation } from "../types.ts";
import {
  type GraphNode,
  origin,
  type Ref,
  specOf,
  type WeightValue,
} from "./graph.ts";
import { graphLink } from "./graph_head.ts";
import { layerLink } from "./layer_head.ts";

/** What the walk makes of one node. */
export type Link =
  /** An activation by itself. */
  | { readonly kind: "activation"; readonly activation: HeadActivation }
  /** Nothing that changes values: reshaping, dropout, identity. */
  | { readonly kind: "pass" }
  /** A linear layer, with the activation fused in it. */
  | {
    readonly kind: "linear";
    readonly activation: HeadActivation | "other";
    readonly weights: () => HeadTensors;
    /** What feeds it. */
    readonly penultimate: Ref;
    /** A convolution counts only over a map of one place. */
    readonly isConvolution: boolean;
  }
  /** Anything else. */
  | { readonly kind: "other" };

/** Activations that can be taken off. */
export type HeadActivation = "softmax" | "log_softmax" | "sigmoid" | "linear";

/** A head's weights as they are now; not to be disposed of. */
export interface HeadTensors {
  /** `[…, D, C]`, or `[C, D]` where transposed; leading sizes are 1. */
  readonly kernel: WeightValue;
  readonly isTransposed: boolean;
  /** `[C]`. */
  readonly bias: WeightValue | undefined;
}

/** A linear layer that gives the logits. */
export interface Head {
  readonly node: GraphNode;
  /** What feeds it. */
  readonly penultimate: Ref;
  readonly weights: () => HeadTensors;
  /** Whether it is a convolution over a map of one place. */
  readonly isConvolution: boolean;
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
  const looked: string[] = [];
  const removed: string[] = [];
  let activation: OutputActivation = "none";
  let under: Ref | undefined;
  let at = origin(outputs[0]!);
  while (true) {
    const { node } = at;
    looked.push(node.row.name);
    const link = linkOf(node);
    if (link.kind === "linear" && link.activation !== "other") {
      const outer = outputName(link.activation);
      if (outer !== "none") removed.unshift(node.row.name);
      const isFlat = !link.isConvolution ||
        isSinglePlace(link.penultimate, outputs[0]!);
      if (isFlat) {
        const logits = headLogits(node, link, outer, activation, removed);
        return { logits, looked, why: "" };
      }
      break;
    }
    if (link.kind === "activation" && link.activation !== "linear") {
      removed.unshift(node.row.name);
      activation = outputName(link.activation);
      under = node.inputs[0]!;
    } else if (link.kind !== "activation" && link.kind !== "pass") break;
    const next = node.inputs[0];
    if (next === undefined) break;
    at = origin(next);
  }
  if (under !== undefined) {
    return {
      logits: { direct: under, activation, removed },
      looked,
      why:
        `the softmax or sigmoid stands over "${under.node.row.name}", which is no linear layer`,
    };
  }
  const why = `"${looked.at(-1)}" is no linear layer`;
  return { logits: undefined, looked, why };
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
  link: Link & { kind: "linear" },
  fused: OutputActivation,
  outer: OutputActivation,
  removed: readonly string[],
): Logits {
  const { penultimate, weights, isConvolution } = link;
  return {
    head: { node, penultimate, weights, isConvolution },
    ...(link.activation === "linear" ? { direct: { node, index: 0 } } : {}),
    activation: fused === "none" ? outer : fused,
    removed,
  };
}

function linkOf(node: GraphNode): Link {
  if (node.call.kind === "memory" || node.call.kind === "ours") {
    return layerLink(node, node.call);
  }
  if (node.call.kind === "foreign") return graphLink(node);
  return { kind: "other" };
}

function outputName(activation: HeadActivation): OutputActivation {
  if (activation === "linear") return "none";
  return activation === "sigmoid" ? "sigmoid" : "softmax";
}

/**
 * Whether a convolution's input has one place: `[N, 1, 1, D]`. Where the graph
 * does not say, the model's output does: `[N, C]` leaves room for one only.
 */
function isSinglePlace(penultimate: Ref, output: Ref): boolean {
  const shape = specOf(penultimate)?.shape ?? specOf(output)?.shape;
  return shape !== undefined && shape.length >= 2 &&
    shape.slice(1, -1).every((size) => size === 1);
}
