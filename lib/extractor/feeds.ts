import { cannot } from "../check.ts";
import type { HostBatch } from "../datasets/batches.ts";
import type { HostValues } from "../layers/layer.ts";
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
 * The input tensors of a program: the model's inputs, or those of a layer.
 *
 * @param graph The model.
 * @param cut The layer; undefined for the model's own inputs.
 * @returns Each tensor once, under a unique name.
 * @throws {TypeError} If the layer has no input.
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
    // Engines are fed the numbers that the host computes from strings.
    return inputs.flatMap((feed): Feed[] => {
      const users = computed.filter(({ host }) =>
        host?.specs.includes(feed.spec)
      );
      const made = users.filter(({ host }) => host?.specs[0] === feed.spec);
      const isText = feed.spec.dtype === "string" && users.length > 0;
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

/** The values that the host computes from inputs. */
function hostFeed(node: GraphNode, inputs: readonly Feed[]): Feed {
  const { spec, host } = node.call as NodeCall & { kind: "input" };
  const { from, computation } = host!;
  const keys = from.map(refKey);
  const specs = keys.map((key) =>
    inputs.find(({ ref }) => refKey(ref) === key)!.spec
  );
  const all = inputs.map(({ spec }) => spec);
  const ref = { node, index: 0 };
  return { ref, spec, host: { specs, all, computation } };
}

/**
 * The inputs that a dataset must have for some feeds.
 *
 * @param feeds The feeds.
 * @param graph The model; its engine takes strings if it is of an ONNX file.
 * @returns The inputs, each once.
 * @throws {TypeError} If a string input is not converted to numbers on the
 * host, as the engine needs.
 */
export function datasetSpecs(
  feeds: readonly Feed[],
  graph?: ModelGraph,
): readonly TensorSpec[] {
  const wrong = feeds.find(({ spec, host }) =>
    spec.dtype === "string" && host === undefined && graph?.onnx === undefined
  );
  if (wrong !== undefined) {
    const rule =
      `a model must take numbers or booleans at input "${wrong.spec.name}"`;
    throw new TypeError(cannot("read dataset", rule, wrong.spec.dtype));
  }
  return inputsOf(feeds);
}

function inputsOf(feeds: readonly Feed[]): readonly TensorSpec[] {
  const all = feeds.find(({ host }) => host !== undefined)?.host?.all;
  const read = new Set(feeds.flatMap(({ spec, host }) => host?.specs ?? spec));
  return all?.filter((spec) => read.has(spec)) ?? [...read];
}

/**
 * Converts the inputs of a dataset to the feeds of an engine.
 *
 * @param feeds The feeds.
 * @param inputs The inputs from the dataset, in the order of
 * {@linkcode datasetSpecs}.
 * @returns One array per feed.
 */
export function fedArrays(
  feeds: readonly Feed[],
  inputs: HostBatch["inputs"],
): NdArray<ArrayBufferView>[] {
  if (feeds.every(({ host }) => host === undefined)) {
    return [...inputs] as NdArray<ArrayBufferView>[];
  }
  const specs = inputsOf(feeds);
  return feeds.map(({ spec, host }) => {
    const inputOf = (one: TensorSpec) => inputs[specs.indexOf(one)]!;
    if (host === undefined) return inputOf(spec) as NdArray<ArrayBufferView>;
    const values = host.specs.map(inputOf) as HostValues[];
    const { data, shape } = host.computation.compute(...values);
    return { data, shape, dtype: host.computation.dtype };
  });
}

/**
 * Resolves an input layer, also that of a nested model, to the tensor it passes
 * on.
 */
function receivedBy(cut: GraphNode): readonly Ref[] {
  if (cut.call.kind === "input") return [{ node: cut, index: 0 }];
  if (cut.inputs.length > 0) return cut.inputs;
  return cut.call.kind === "alias" ? cut.call.outputs : [];
}

function feedOf(graph: ModelGraph, ref: Ref): Feed {
  const key = refKey(ref);
  const index = graph.inputRefs.findIndex((input) => refKey(input) === key);
  if (index >= 0) return { ref, spec: graph.inputs[index]! };
  const name = tensorName(ref);
  const known = specOf(ref);
  // If the graph has no spec for a tensor, any shape is accepted.
  const spec = known ?? { name, shape: [], dtype: "float32" as const };
  return { ref, spec: { ...spec, name } };
}

/**
 * A tensor's name: the layer's name, with an output index if it has several
 * outputs.
 *
 * @param ref The tensor.
 * @returns As in `dense`, or `split[1]`.
 */
export function tensorName(ref: Ref): string {
  const { node, index } = origin(ref);
  const isOne = node.row.outputs.length <= 1 && index === 0;
  return isOne ? node.row.name : `${node.row.name}[${index}]`;
}
