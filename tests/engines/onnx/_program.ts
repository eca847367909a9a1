import {
  type FeatureTarget,
  type LogitsTarget,
  makeProgram,
  type Program,
} from "../../../lib/engines/program.ts";
import { record, type Recording } from "../../../lib/engines/onnx/recording.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import type {
  GraphNode,
  NodeCall,
  Ref,
} from "../../../lib/models/graph/graph.ts";
import { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import type { NdArray, TensorSpec } from "../../../lib/types.ts";

/** A node of a program made by hand. */
export function node(
  id: number,
  name: string,
  call: NodeCall,
  inputs: readonly Ref[],
): GraphNode {
  const outputs: TensorSpec[] = call.kind === "input" ? [call.spec] : [];
  const row = {
    name,
    kind: "Test",
    config: {},
    outputs,
    numParameters: 0,
    inbound: [],
  };
  return { id, row, isListed: true, inputs, call, weights: () => [] };
}

/** A node of a layer of our own. */
export function builtInNode(
  id: number,
  name: string,
  layer: Layer,
  inputs: readonly Ref[],
  weights: Readonly<Record<string, NdArray>> = {},
): GraphNode {
  const sources = Object.entries(weights).map(([name, value]) => ({
    name,
    shape: value.shape,
    read: () => Promise.resolve({ ...value, data: value.data.slice() }),
  }));
  const numInputs = inputs.length;
  const call = {
    kind: "builtIn",
    isBuiltInClass: true,
    layer,
    numInputs,
    args: {},
    sources,
  } as const;
  return node(id, name, call, inputs);
}

/** The first output of a node. */
export const first = (node: GraphNode): Ref => ({ node, index: 0 });

/** A layer without weights. */
export function layer(call: Layer["call"]): Layer {
  return { weights: [], call };
}

/** A feature as the layer gives it. */
export function feature(
  node: GraphNode,
  builtIn: FeatureTarget["builtIn"] = (_ops, value) => value,
): FeatureTarget {
  return { name: node.row.name, ref: first(node), builtIn, custom: [] };
}

/** A program over nodes made by hand. */
export function program(
  inputs: readonly GraphNode[],
  features: readonly FeatureTarget[],
  logits?: LogitsTarget,
): Program {
  const feeds = inputs.map((node) => ({
    ref: first(node),
    spec: (node.call as NodeCall & { kind: "input" }).spec,
  }));
  const graph = new ModelGraph({
    name: "test",
    format: "memory",
    nodes: inputs,
    topLevel: inputs,
    inputs: inputs.map(first),
    outputs: [],
    whyUnusable: () => undefined,
    dispose: () => {},
  });
  const wantsPenultimate = logits?.head !== undefined;
  const plain = { graph, feeds, features, wantsPenultimate };
  return makeProgram(logits === undefined ? plain : { ...plain, logits });
}

/** The recording of a program that can be recorded. */
export function recordingOf(program: Program): Recording {
  const recording = record(program);
  if ("obstacle" in recording) throw new Error(recording.obstacle);
  return recording;
}

/** An input of a program. */
export function input(
  id: number,
  name: string,
  shape: readonly (number | null)[],
  dtype: TensorSpec["dtype"] = "float32",
): GraphNode {
  return node(id, name, { kind: "input", spec: { name, shape, dtype } }, []);
}

/** A float array. */
export function array(shape: readonly number[], data: number[]): NdArray {
  return { data: Float32Array.from(data), shape, dtype: "float32" };
}
