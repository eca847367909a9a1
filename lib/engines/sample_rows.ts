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
import { callNode } from "./call_node.ts";
import type { Feed, Schedule } from "./schedule.ts";

/** Where the samples are in the tensors of a program. */
export interface SampleRows {
  /** Layers that compute over samples, of which no input is known to. */
  readonly mixing: readonly GraphNode[];
  /** A tensor; its samples are undefined if they are not known. */
  readonly valueOf: (ref: Ref) => SampleValue;
}

/**
 * Follows the samples through the layers of a program.
 *
 * @param feeds The input tensors.
 * @param schedule The nodes that run.
 * @param batch Number of samples, if it is fixed.
 * @returns Where they are. Operations of TF.js graphs and of ONNX files, and
 * custom layers of models in memory, are not followed.
 */
export function sampleRows(
  feeds: readonly Feed[],
  { nodes }: Schedule,
  batch?: number,
): SampleRows {
  const ops = sampleOps(batch);
  const known = new Map<string, Masked<SampleValue>>(
    feeds.map(({ ref, spec }) => {
      const value = { ...shapeValue(spec), samples: { axis: 0 } };
      return [refKey(ref), { value, mask: undefined }];
    }),
  );
  const valueOf = (key: string, ref: Ref): Masked<SampleValue> => {
    const { shape = [], dtype = "float32" } = specOf(ref) ?? {};
    const value = { ...shapeValue({ shape, dtype }), samples: undefined };
    return known.get(key) ?? { value, mask: undefined };
  };
  const mixing = nodes.filter((node) => {
    const outputs = outputsOf(node, ops, valueOf);
    outputs.forEach(({ value, mask }, index) =>
      known.set(refKey({ node, index }), {
        value: settled(value),
        mask: mask && settled(mask),
      })
    );
    return outputs.some(({ value }) => value.samples === "mixed");
  });
  return { mixing, valueOf: (ref) => valueOf(refKey(ref), ref).value };
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
  } catch (error) {
    // Layers of a model in memory may not be callable; recording reports why.
    if (node.call.kind === "inMemory") return [];
    throw error;
  }
}
