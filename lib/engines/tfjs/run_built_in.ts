/**
 * Our own layers on TF.js: their weights, uploaded once a session, and one
 * call of one node.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { callLayer, type Masked } from "../../layers/call_layer.ts";
import {
  type BuiltInCall,
  type GraphNode,
  type NodeCall,
  refKey,
  type WeightSource,
} from "../../models/graph/graph.ts";
import { readToRun } from "../../models/graph/weights.ts";
import type { NdArray } from "../../types.ts";
import { ownHandle, tidied } from "./own_handle.ts";
import { TfjsOps } from "./tfjs_ops.ts";

/** Weights of nodes, by the weights' names. */
export type NodeWeights = ReadonlyMap<
  GraphNode,
  Readonly<Record<string, tf.Tensor>>
>;

/** Values of weights on the host, each read once however many nodes share it. */
export type HostWeights = ReadonlyMap<WeightSource, NdArray>;

const OPS = new TfjsOps();

/**
 * Reads the weights of nodes that our own layers compute.
 *
 * @param nodes The nodes that will run.
 * @param callOf How our layers compute a node, if they do; by default those
 * in memory are left out, whose weights are TF.js' already.
 * @returns Their values.
 * @throws {RangeError} If one must be finite, and is not.
 */
export async function readWeights(
  nodes: readonly GraphNode[],
  callOf = oursAlone,
): Promise<HostWeights> {
  const values = new Map<WeightSource, NdArray>();
  for (const node of nodes) {
    for (const source of callOf(node)?.sources ?? []) {
      if (values.has(source)) continue;
      values.set(source, await readToRun(source, node.row.name) as NdArray);
    }
  }
  return values;
}

function oursAlone({ call }: GraphNode): BuiltInCall | undefined {
  return call.kind === "builtIn" ? call : undefined;
}

/**
 * Uploads weights, under the backend that is current. The caller disposes of
 * them.
 *
 * @param nodes The nodes that will run.
 * @param host Their weights' values.
 * @returns The weights as tensors.
 */
export function uploadWeights(
  nodes: readonly GraphNode[],
  host: HostWeights,
): NodeWeights {
  const tensors = new Map<WeightSource, tf.Tensor>();
  for (const [source, value] of host) {
    tensors.set(source, tf.keep(OPS.constant(value)));
  }
  const entries = nodes.flatMap((node) => {
    if (node.call.kind !== "builtIn") return [];
    const named = node.call.sources.map((source) =>
      [source.name, tensors.get(source)!] as const
    );
    return [[node, Object.fromEntries(named)] as const];
  });
  return new Map(entries);
}

/**
 * Calls one node.
 *
 * @param node A node of kind `ours`.
 * @param weights Weights of all nodes.
 * @param values Values of the tensors that feed it; outputs are added.
 * @param masks Their masks, where there are any; those of the outputs are added.
 */
export function runBuiltIn(
  node: GraphNode,
  weights: NodeWeights,
  values: Map<string, tf.Tensor>,
  masks: Map<string, tf.Tensor>,
): void {
  const { layer, numInputs, args, unmasked } = node.call as NodeCall & {
    kind: "builtIn";
  };
  const fed = node.inputs.map((ref, i): Masked<tf.Tensor> => ({
    value: values.get(refKey(ref))!,
    mask: unmasked?.includes(i) ? undefined : masks.get(refKey(ref)),
  }));
  const named = Object.fromEntries(
    Object.entries(args).map(([key, arg]) => [
      key,
      "input" in arg ? fed[arg.input]!.value : arg.value,
    ]),
  );
  const argMasks = Object.fromEntries(
    Object.entries(args).flatMap(([key, arg]) =>
      "input" in arg ? [[key, fed[arg.input]!.mask]] : []
    ),
  );
  const outputs = tidied(node.row.name, () =>
    callLayer<tf.Tensor>(OPS, {
      layer,
      inputs: fed.slice(0, numInputs),
      weights: weights.get(node) ?? {},
      args: named,
      argMasks,
    }).map(({ value, mask }) => ({
      value: ownHandle(value),
      mask: mask && ownHandle(mask),
    })));
  outputs.forEach(({ value, mask }, index) => {
    values.set(refKey({ node, index }), value);
    if (mask !== undefined) masks.set(refKey({ node, index }), mask);
  });
}
