/**
 * Finds the head: the layer whose output is the logits.
 *
 * From the model's output back through softmax, log-softmax, sigmoid and linear
 * activations, and through layers that only reshape or do nothing at inference,
 * to the first layer with weights. If that layer is linear it is the head, and
 * its input in the graph is the penultimate; a fused softmax is removed. If a
 * softmax or sigmoid is over another operation, its input is the logits,
 * without a head.
 *
 * Nested models need no special handling: their nodes are in the same graph.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import type { OutputActivation } from "../../types.ts";
import { type GraphNode, origin, type Ref, specOf } from "./graph.ts";
import { graphLink } from "./graph_head.ts";
import {
  type HeadActivation,
  type HeadTensors,
  type Link,
  unitsOf,
} from "./head_link.ts";
import { layerLink } from "./layer_head.ts";
import { columnsOf } from "./onnx_columns.ts";
import { onnxLink } from "./onnx_head.ts";

type LinearLink = Link & { readonly kind: "linear" };

/** A linear layer whose output is the logits. */
export interface Head {
  readonly node: GraphNode;
  /** Its input. */
  readonly penultimate: Ref;
  readonly weights: () => HeadTensors;
  /** Whether it is a convolution over a feature map of one position. */
  readonly isConvolution: boolean;
  /** Its channel axis; default: last. */
  readonly channels?: "first";
}

/** The logits of a model. */
export interface Logits {
  /** The head; undefined if the logits are the input of an activation. */
  readonly head?: Head;
  /**
   * The tensor of the logits; undefined if they are fused with the activation.
   */
  readonly direct?: Ref;
  readonly activation: OutputActivation;
  /** Names of the nodes whose activation was removed. */
  readonly removed: readonly string[];
}

/** The outcome of the search. */
export interface HeadSearch {
  readonly logits: Logits | undefined;
  /** Names of the visited nodes, from the output on. */
  readonly looked: readonly string[];
  /** Why there are no logits, for messages. */
  readonly why: string;
}

/**
 * Searches from a model's output back to its head. Outputs that are labels,
 * integers or strings, are ignored; the columns of one tensor count as one.
 *
 * @param outputs The model's outputs.
 * @returns The outcome.
 */
export function searchHead(outputs: readonly Ref[]): HeadSearch {
  const floats = outputs.filter((ref) => !isLabel(ref));
  const one = floats.length === 1 ? floats[0] : columnsOf(floats);
  if (one !== undefined) return new Search(one).run();
  return {
    logits: undefined,
    looked: outputs.map(({ node }) => node.row.name),
    why: outputs.length === 1
      ? `"${outputs[0]!.node.row.name}" gives labels or indices`
      : `the model has ${outputs.length} outputs`,
  };
}

function isLabel(ref: Ref): boolean {
  const dtype = specOf(ref)?.dtype;
  return dtype !== undefined && !dtype.startsWith("float");
}

/** Searches back from one tensor. */
class Search {
  readonly #output: Ref;
  readonly #looked: string[] = [];
  readonly #removed: string[] = [];
  #activation: OutputActivation = "none";
  /** The input of the softmax or sigmoid. */
  #under: Ref | undefined;
  /** Skips the rounding operations of a quantisation. */
  #rounded: Ref | undefined;
  #isOverLastAxis = false;
  #isReshapedBehind = false;
  #isReshapedUnder = false;

  constructor(output: Ref) {
    this.#output = output;
  }

  run(): HeadSearch {
    const looked = this.#looked;
    let rule = "";
    for (let at: Ref | undefined = this.#output; at !== undefined;) {
      const { node } = origin(at);
      looked.push(node.row.name);
      const link = linkOf(origin(at));
      rule = link.kind === "integerLinear"
        ? `"${node.row.name}" is a layer over integers`
        : `"${node.row.name}" is not a linear layer`;
      if (link.kind === "linear" && link.activation !== "other") {
        rule = `"${node.row.name}" does not have one row per sample`;
        if (!this.#fits(link)) break;
        return { logits: this.#logits(node, link), looked, why: "" };
      }
      const dequantised = link.kind !== "integerLinear"
        ? undefined
        : link.isDequantised
        ? at
        : this.#rounded;
      if (dequantised !== undefined) {
        return { logits: this.#direct(dequantised), looked, why: rule };
      }
      if (link.kind !== "activation" && link.kind !== "pass") break;
      const next: Ref | undefined = link.of ?? node.inputs[0];
      this.#passed(node, link, at, next);
      at = next;
    }
    const under = this.#under;
    if (under === undefined || !this.#isOverVectors(under)) {
      return { logits: undefined, looked, why: rule };
    }
    const why =
      `the softmax or sigmoid is over "${under.node.row.name}", and ${rule}`;
    return { logits: this.#direct(under), looked, why };
  }

  /** Logits that are a tensor of the graph, without a head. */
  #direct(direct: Ref): Logits {
    return { direct, activation: this.#activation, removed: this.#removed };
  }

  #passed(
    node: GraphNode,
    link: Link & { kind: "activation" | "pass" },
    at: Ref,
    next: Ref | undefined,
  ): void {
    if (link.kind === "pass") {
      if (link.rounds) this.#rounded ??= at;
      if (link.keepsShape) return;
      this.#isReshapedBehind ||= this.#under === undefined;
      this.#isReshapedUnder ||= this.#under !== undefined;
    } else if (link.activation !== "linear") {
      this.#removed.unshift(node.row.name);
      this.#activation = outputName(link.activation);
      this.#isOverLastAxis = link.isOverLastAxis === true;
      this.#isReshapedUnder = false;
      this.#rounded = undefined;
      this.#under = next;
    }
  }

  /** Whether a softmax after it is over the output of a linear layer. */
  #fits(link: LinearLink): boolean {
    if (!isHead(link, this.#output)) return false;
    if (this.#activation !== "softmax") return true;
    if (this.#isOverLastAxis && link.channels === "first") return false;
    const shape = this.#shapeOf(this.#under!);
    const size = link.channels === "first" ? unitsOfOne(shape) : shape?.at(-1);
    if (size === undefined || size === null) return !this.#isReshapedUnder;
    return size === unitsOf(link.weights());
  }

  #logits(node: GraphNode, link: LinearLink): Logits {
    const fused = outputName(link.activation as HeadActivation);
    if (fused !== "none") this.#removed.unshift(node.row.name);
    const removed = this.#removed;
    const logits = headLogits(node, link, fused, this.#activation, removed);
    const direct = this.#rounded;
    return direct === undefined || logits.direct === undefined
      ? logits
      : { ...logits, direct };
  }

  /**
   * Whether a softmax is over feature maps: then it has one result per
   * position, not per sample.
   */
  #isOverVectors(under: Ref): boolean {
    const shape = this.#shapeOf(under);
    return shape !== undefined && isOnePosition(shape);
  }

  /** The shape of the input of an activation, otherwise of the output. */
  #shapeOf(under: Ref) {
    return specOf(under)?.shape ??
      (this.#isReshapedBehind ? undefined : specOf(this.#output)?.shape);
  }
}

/** The number of units of a feature map of one position, on whichever axis. */
function unitsOfOne(
  shape: readonly (number | null)[] | undefined,
): number | null | undefined {
  const [units = 1, ...others] = shape?.slice(1).filter((n) => n !== 1) ?? [];
  return shape === undefined || others.length > 0 ? undefined : units;
}

/**
 * Resolves the layer that the caller names as the head: a linear layer, or one
 * from which the search leads back to logits, such as a softmax.
 *
 * @param node The layer's node.
 * @returns Its logits, before its activation.
 * @throws {TypeError} If it is neither linear nor leads to logits.
 */
export function headAt(node: GraphNode): Logits {
  const ref = { node, index: 0 };
  const { node: at, index } = origin(ref);
  const link = linkOf({
    node: at,
    index: at === node ? mainOutput(at) : index,
  });
  if (link.kind === "linear") {
    checkOnePosition(node, link);
    const name = link.activation === "other" ? "linear" : link.activation;
    const outer = outputName(name);
    const isFused = link.activation !== "linear";
    return headLogits(at, link, outer, "none", isFused ? [at.row.name] : []);
  }
  const { logits, looked } = new Search(ref).run();
  if (logits !== undefined) return logits;
  if (link.kind === "activation") {
    checkOnePosition(node, link);
    const { activation, of } = link;
    return {
      direct: of ?? at.inputs[0]!,
      activation: outputName(activation),
      removed: activation === "linear" ? [] : [at.row.name],
    };
  }
  const names = looked.map((name) => `"${name}"`).join(", ");
  throw new TypeError(
    cannot(
      "set head",
      `layer "${node.row.name}" must be linear, or lead back to a linear layer through activations and reshaping alone`,
      node.row.kind,
      `looked at ${names}`,
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
  const { penultimate, weights, channels } = link;
  const shape = specOf(penultimate)?.shape;
  const isConvolution = link.isConvolution &&
    !(shape !== undefined && isOverTime(shape, channels));
  const where = channels === undefined ? {} : { channels };
  return {
    head: { node, penultimate, weights, isConvolution, ...where },
    ...(link.activation === "linear"
      ? { direct: { node, index: mainOutput(node) } }
      : {}),
    activation: fused === "none" ? outer : fused,
    removed,
  };
}

/** Classifies a tensor for the search; outputs other than the first end it. */
function linkOf({ node, index }: Ref): Link {
  if (index !== mainOutput(node)) return { kind: "other" };
  if (node.call.kind === "inMemory" || node.call.kind === "builtIn") {
    return layerLink(node, node.call);
  }
  if (node.call.kind === "raw") {
    return node.call.onnx === undefined ? graphLink(node) : onnxLink(node);
  }
  return { kind: "other" };
}

/** The label output of an ONNX classifier is first, followed by its scores. */
function mainOutput({ row }: GraphNode): number {
  return row.kind === "LinearClassifier" ? 1 : 0;
}

function outputName(activation: HeadActivation): OutputActivation {
  if (activation === "linear") return "none";
  return activation === "sigmoid" ? "sigmoid" : "softmax";
}

/**
 * Whether a linear layer is a head: a Dense, or a convolution over a feature
 * map of one position or over time steps. If the number of positions is
 * unknown, the model's output decides: it must be `[N, C]` with the units of
 * the layer.
 */
function isHead({ penultimate, ...link }: LinearLink, output: Ref): boolean {
  if (!link.isConvolution) return true;
  const shape = specOf(penultimate)?.shape;
  if (shape !== undefined) {
    const { channels } = link;
    if (isOnePosition(shape, channels) || isOverTime(shape, channels)) {
      return true;
    }
    if (!mayBeOnePosition(shape, channels)) return false;
  }
  const outputShape = specOf(output)?.shape;
  return outputShape !== undefined && isOnePosition(outputShape) &&
    outputShape.at(-1) === unitsOf(link.weights());
}

/**
 * Whether a feature map has one position: `[N, D]` or `[N, 1, …, D]`, or
 * `[N, D, 1, …]` with channels first.
 *
 * @param shape Its sizes.
 * @param channels Its channel axis; default: last.
 * @returns True if it has.
 */
export function isOnePosition(
  shape: readonly (number | null)[],
  channels?: "first",
): boolean {
  return shape.length >= 2 &&
    positions(shape, channels).every((size) => size === 1);
}

/** The same, as far as the sizes are known. */
function mayBeOnePosition(
  shape: readonly (number | null)[],
  channels?: "first",
): boolean {
  return shape.length >= 2 &&
    positions(shape, channels).every((size) => size === 1 || size === null);
}

/** The sizes of the spatial axes. */
function positions(
  shape: readonly (number | null)[],
  channels?: "first",
): readonly (number | null)[] {
  return channels === "first" ? shape.slice(2) : shape.slice(1, -1);
}

/** `[N, T, D]`. */
function isOverTime(
  shape: readonly (number | null)[],
  channels?: "first",
): boolean {
  return shape.length === 3 && channels !== "first";
}

function checkOnePosition(node: GraphNode, link: Link): void {
  const isOverMap = link.kind === "activation" ||
    (link.kind === "linear" && link.isConvolution);
  if (!isOverMap) return;
  const { node: at } = origin({ node, index: 0 });
  const shape = specOf(at.inputs[0]!)?.shape;
  const channels = link.kind === "linear" ? link.channels : undefined;
  if (shape === undefined || isOnePosition(shape, channels)) return;
  // An unknown size is checked when it runs.
  if (link.kind === "linear" && mayBeOnePosition(shape, channels)) return;
  if (link.kind === "linear" && isOverTime(shape, channels)) return;
  throw new TypeError(
    cannot(
      "set head",
      `what layer "${node.row.name}" receives must have one position, [N, D], or time steps`,
      shape,
    ),
  );
}
