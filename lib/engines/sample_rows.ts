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
  type Ref,
  refKey,
  shapeValue,
  specOf,
} from "../models/graph/graph.ts";
import { sampleOps, type SampleValue } from "../ops/sample_ops.ts";
import { areRows, isLocated } from "../ops/samples.ts";
import { callNode } from "./call_node.ts";
import type { Feed, Schedule } from "./schedule.ts";

/** Where the samples are in the tensors of a program. */
export interface SampleRows {
  /** Layers that compute over samples, of which no input is known to. */
  readonly mixing: readonly GraphNode[];
  /** The first layer of which it is not certain that it does not. */
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
  const free = followed(feeds, nodes);
  const isFree = batch === undefined ||
    wanted.every((ref) => areRows(free.valueOf(ref).samples));
  return isFree ? free : { ...followed(feeds, nodes, batch), batch };
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

function followed(
  feeds: readonly Feed[],
  nodes: readonly GraphNode[],
  batch?: number,
): SampleRows {
  const ops = sampleOps(batch);
  const known = new Map<string, Masked<SampleValue>>(
    feeds.map(({ ref, spec }) => {
      const { shape, dtype } = shapeValue(spec);
      const rows = [batch ?? null, ...shape.slice(1)];
      const value = { shape: rows, dtype, samples: { axis: 0 } };
      return [refKey(ref), { value, mask: undefined }];
    }),
  );
  const valueOf = (key: string, ref: Ref): Masked<SampleValue> => {
    const { shape = [], dtype = "float32" } = specOf(ref) ?? {};
    const value = { ...shapeValue({ shape, dtype }), samples: undefined };
    return known.get(key) ?? { value, mask: undefined };
  };
  let uncertain: GraphNode | undefined;
  const mixing = nodes.filter((node) => {
    const outputs = outputsOf(node, ops, valueOf);
    const areKnown = outputs.length > 0 &&
      outputs.every(({ value: { samples } }) =>
        samples === null || isLocated(samples)
      );
    if (!areKnown) uncertain ??= node;
    outputs.forEach(({ value, mask }, index) =>
      known.set(refKey({ node, index }), {
        value: settled(value),
        mask: mask && settled(mask),
      })
    );
    return batch !== 1 &&
      outputs.some(({ value }) => value.samples === "mixed");
  });
  return {
    mixing,
    uncertain,
    valueOf: (ref) => valueOf(refKey(ref), ref).value,
  };
}

/** What follows after samples are mixed is not examined. */
function settled(value: SampleValue): SampleValue {
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
