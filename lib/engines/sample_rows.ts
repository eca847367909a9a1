/**
 * Whether the results of a sample depend on the other samples of its batch,
 * found by running the layers of a program over the axis of the samples.
 *
 * @module
 */
import type { Masked } from "../layers/call_layer.ts";
import {
  builtInFormOf,
  type GraphNode,
  origin,
  type Ref,
  refKey,
  shapeValue,
  specOf,
} from "../models/graph/graph.ts";
import { sampleOps, type SampleValue } from "../ops/sample_ops.ts";
import { areApart, isLocated, type Outcome } from "../ops/samples.ts";
import { callNode } from "./call_node.ts";
import type { Feed, Schedule } from "./schedule.ts";

/** Where the samples are in the tensors of a program. */
export interface SampleRows {
  /** Layers that compute over samples, of which no input is known to. */
  readonly mixing: readonly GraphNode[];
  /** Layers with constants that have a row for each sample of a batch. */
  readonly ordered: readonly GraphNode[];
  /**
   * The first layer of which it is not certain that its rows do not depend on
   * each other.
   */
  readonly uncertain: GraphNode | undefined;
  /** Number of samples that a run must have; undefined for any number. */
  readonly batch?: number;
  /** A tensor; its samples are undefined if they are not known. */
  readonly valueOf: (ref: Ref) => SampleValue;
}

/**
 * Follows the samples through the layers of a program.
 *
 * A fixed batch size of the inputs counts only if the rows of another batch
 * could depend on each other.
 *
 * @param feeds The input tensors.
 * @param schedule The nodes that run.
 * @param wanted The requested tensors.
 * @returns Where they are. Operations of TF.js graphs and of ONNX files, and
 * custom layers of models in memory, are not followed.
 */
export function sampleRows(
  feeds: readonly Feed[],
  { nodes }: Schedule,
  wanted: readonly Ref[],
): SampleRows {
  const batch = fixedBatch(feeds, nodes);
  const free = layerRows(feeds, nodes);
  const isFree = batch === undefined ||
    wanted.every((ref) => areApart(free.valueOf(ref).samples));
  return isFree ? free : { ...layerRows(feeds, nodes, batch), batch };
}

/** The batch size of the inputs of a Keras model, if it is fixed. */
function fixedBatch(
  feeds: readonly Feed[],
  nodes: readonly GraphNode[],
): number | undefined {
  if (nodes.some(({ call }) => call.kind === "raw")) return undefined;
  const sizes = feeds.flatMap(({ spec }) => spec.shape[0] ?? []);
  return new Set(sizes).size === 1 ? sizes[0] : undefined;
}

function layerRows(
  feeds: readonly Feed[],
  nodes: readonly GraphNode[],
  batch?: number,
): SampleRows {
  const ops = sampleOps(batch);
  const masks = new Map<string, SampleValue>();
  const known = new Map(
    feeds.map(({ ref, spec }): [string, SampleValue] => {
      const { shape, dtype } = shapeValue(spec);
      const rows = [batch ?? null, ...shape.slice(1)];
      return [refKey(ref), { shape: rows, dtype, samples: { axis: 0 } }];
    }),
  );
  return followed(nodes, known, batch, (node, valueOf) => {
    const outputs = outputsOf(node, ops, (key, ref) => ({
      value: valueOf(ref),
      mask: masks.get(key),
    }));
    outputs.forEach(({ mask }, index) => {
      if (mask) masks.set(refKey({ node, index }), settled(mask));
    });
    return outputs.map(({ value }) => value);
  });
}

/**
 * Follows the samples through nodes.
 *
 * @param nodes The nodes, in order.
 * @param known The tensors that are fed, to which all others are added.
 * @param batch Number of samples, if it is fixed.
 * @param outputsOf Computes the outputs of a node; none if they are not known.
 * @returns Where they are.
 */
export function followed<V extends SampleValue>(
  nodes: readonly GraphNode[],
  known: Map<string, V>,
  batch: number | undefined,
  outputsOf: (
    node: GraphNode,
    valueOf: (ref: Ref) => V | SampleValue,
  ) => readonly V[],
): SampleRows {
  const valueOf = (ref: Ref) => {
    const { shape = [], dtype = "float32" } = specOf(ref) ?? {};
    return known.get(refKey(ref)) ??
      { ...shapeValue({ shape, dtype }), samples: undefined };
  };
  const [mixing, ordered]: [GraphNode[], GraphNode[]] = [[], []];
  let uncertain: GraphNode | undefined;
  for (const node of nodes) {
    const outputs = outputsOf(node, valueOf);
    const has = (isSuch: (outcome: Outcome) => boolean) =>
      outputs.some(({ samples }) => isSuch(samples));
    if (outputs.length === 0 || has((one) => !isCertain(one))) {
      uncertain ??= node;
    }
    const wasOrdered = node.inputs.some((ref) =>
      isOrdered(valueOf(ref).samples)
    );
    if (has(isOrdered) && !wasOrdered) ordered.push(node);
    if (batch !== 1 && has((one) => one === "mixed")) mixing.push(node);
    outputs.forEach((value, index) =>
      known.set(refKey({ node, index }), settled(value))
    );
  }
  const isUsed = valuesUsed(nodes);
  return { mixing: mixing.filter(isUsed), ordered, uncertain, valueOf };
}

function isOrdered(outcome: Outcome): boolean {
  return isLocated(outcome) && outcome.isOrdered === true;
}

/** Whether it is certain that samples do not depend on each other. */
function isCertain(outcome: Outcome): boolean {
  if (!isLocated(outcome)) return outcome === null;
  const { before, after, isOrdered } = outcome;
  return before !== null && after !== null && isOrdered !== "unknown";
}

/** Whether not only the sizes of a node's outputs are used. */
function valuesUsed(nodes: readonly GraphNode[]): (node: GraphNode) => boolean {
  const [measured, used] = [new Set<GraphNode>(), new Set<GraphNode>()];
  for (const { inputs, row: { kind } } of nodes) {
    const isSize = kind === "Shape" || kind === "Size";
    for (const ref of inputs) (isSize ? measured : used).add(origin(ref).node);
  }
  return (node) => used.has(node) || !measured.has(node);
}

/** What follows after samples are mixed is not examined. */
function settled<V extends SampleValue>(value: V): V {
  return value.samples === "mixed" ? { ...value, samples: undefined } : value;
}

function outputsOf(
  node: GraphNode,
  ops: ReturnType<typeof sampleOps>,
  valueOf: (key: string, ref: Ref) => Masked<SampleValue>,
): readonly Masked<SampleValue>[] {
  const form = node.call.kind === "raw"
    ? { obstacle: "" }
    : builtInFormOf(node);
  if ("obstacle" in form) return [];
  try {
    return callNode<SampleValue>(
      ops,
      node,
      form.call,
      ({ shape }) => ({ shape, dtype: "float32", samples: null }),
      valueOf,
    );
  } catch {
    // Not callable with a batch of unknown size; the engine reports why.
    return [];
  }
}
