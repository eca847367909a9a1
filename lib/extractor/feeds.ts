import { cannot } from "../check.ts";
import type { HostBatch } from "../datasets/batches.ts";
import type { Feed } from "../engines/schedule.ts";
import {
  type GraphNode,
  type NodeCall,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type { NdArray, TensorSpec } from "../types.ts";

/**
 * The tensors that a program is fed: the model's inputs, or what a layer
 * receives.
 *
 * @param graph The model.
 * @param cut The layer; undefined for the model's own inputs.
 * @returns Each tensor once, under a name of its own.
 * @throws {TypeError} If the layer receives nothing.
 */
export function feedsOf(
  graph: ModelGraph,
  cut: GraphNode | undefined,
): Feed[] {
  if (cut === undefined) {
    const inputs = graph.inputRefs.map((ref, i) => ({
      ref,
      spec: graph.inputs[i]!,
    }));
    const computed = graph.onHost.map((node) => hostFeed(node, inputs));
    // An engine is fed what the host makes of strings.
    return inputs.flatMap((feed): Feed[] => {
      const made = computed.filter(({ host }) => host?.spec === feed.spec);
      const isText = feed.spec.dtype === "string" && made.length > 0;
      return isText ? made : [feed, ...made];
    });
  }
  const refs = receivedBy(cut).filter((ref) =>
    origin(ref).node.isConstant !== true
  );
  if (refs.length === 0) {
    throw new TypeError(
      cannot(
        "set input",
        "the layer must receive something",
        cut.row.name,
        "name one that is called on others",
      ),
    );
  }
  const byKey = new Map(refs.map((ref) => [refKey(ref), origin(ref)]));
  return [...byKey.values()].map((ref) => feedOf(graph, ref));
}

/** What the host computes of an input. */
function hostFeed(node: GraphNode, inputs: readonly Feed[]): Feed {
  const { spec, host } = node.call as NodeCall & { kind: "input" };
  const key = refKey(host!.from);
  const input = inputs.find(({ ref }) => refKey(ref) === key)!;
  const { computation } = host!;
  const ref = { node, index: 0 };
  return { ref, spec, host: { spec: input.spec, computation } };
}

/**
 * What a dataset must give for some feeds.
 *
 * @param feeds The feeds.
 * @returns The inputs, each once.
 * @throws {TypeError} If a model takes strings that the host makes nothing of.
 */
export function datasetSpecs(feeds: readonly Feed[]): readonly TensorSpec[] {
  const wrong = feeds.find(({ spec, host }) =>
    spec.dtype === "string" && host === undefined
  );
  if (wrong !== undefined) {
    const rule =
      `a model must take numbers or booleans at input "${wrong.spec.name}"`;
    throw new TypeError(cannot("read dataset", rule, wrong.spec.dtype));
  }
  return [...new Set(feeds.map(({ spec, host }) => host?.spec ?? spec))];
}

/**
 * What an engine is fed.
 *
 * @param feeds The feeds.
 * @param inputs What a dataset gave for them, in the order of
 * {@linkcode datasetSpecs}.
 * @returns One array a feed.
 */
export function fedArrays(
  feeds: readonly Feed[],
  inputs: HostBatch["inputs"],
): NdArray<ArrayBufferView>[] {
  if (feeds.every(({ host }) => host === undefined)) {
    return [...inputs] as NdArray<ArrayBufferView>[];
  }
  const specs = datasetSpecs(feeds);
  return feeds.map(({ spec, host }) => {
    const input = inputs[specs.indexOf(host?.spec ?? spec)]!;
    if (host === undefined) return input as NdArray<ArrayBufferView>;
    const { data, shape } = host.computation.compute({
      data: input.data as readonly string[],
      shape: input.shape,
    });
    return { data, shape, dtype: host.computation.dtype };
  });
}

/** An input layer, also a nested model's own, stands for what it hands on. */
function receivedBy(cut: GraphNode): readonly Ref[] {
  if (cut.call.kind === "input") return [{ node: cut, index: 0 }];
  if (cut.inputs.length > 0) return cut.inputs;
  return cut.call.kind === "alias" ? cut.call.outputs : [];
}

function feedOf(graph: ModelGraph, ref: Ref): Feed {
  const key = refKey(ref);
  const place = graph.inputRefs.findIndex((input) => refKey(input) === key);
  if (place >= 0) return { ref, spec: graph.inputs[place]! };
  const name = tensorName(ref);
  const known = specOf(ref);
  // Where the graph says nothing of a tensor, any shape goes.
  const spec = known ?? { name, shape: [], dtype: "float32" as const };
  return { ref, spec: { ...spec, name } };
}

/**
 * A tensor's name: that of the layer that gives it, with its place where there
 * are several.
 *
 * @param ref The tensor.
 * @returns As in `dense`, or `split[1]`.
 */
export function tensorName(ref: Ref): string {
  const { node, index } = origin(ref);
  const isOne = node.row.outputs.length <= 1 && index === 0;
  return isOne ? node.row.name : `${node.row.name}[${index}]`;
}
