/**
 * Running built-in layers on any engine: reading the values of their weights,
 * and calling one node over {@linkcode Ops}.
 *
 * @module
 */
import { callLayer, type Masked } from "../layers/call_layer.ts";
import { Pacer } from "../formats/pacer.ts";
import {
  type BuiltInCall,
  type GraphNode,
  type Ref,
  refKey,
  type WeightSource,
} from "../models/graph/graph.ts";
import { readToRun } from "../models/graph/weights.ts";
import type { Ops } from "../ops/ops.ts";
import type { NdArray } from "../types.ts";

/**
 * Values of weights on the host. Weights shared by several nodes are read once.
 */
export type HostWeights = ReadonlyMap<WeightSource, NdArray>;

/**
 * Reads the weights of the nodes with built-in layers.
 *
 * @param nodes The nodes that will run.
 * @param callOf Returns the call of a node; undefined if its weights are not
 * needed.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns Their values.
 * @throws {RangeError} If a weight must be finite and is not.
 */
export async function readNodeWeights(
  nodes: readonly GraphNode[],
  callOf: (node: GraphNode) => BuiltInCall | undefined,
  pacer: Pacer = new Pacer(),
): Promise<HostWeights> {
  const values = new Map<WeightSource, NdArray>();
  for (const node of nodes) {
    for (const source of callOf(node)?.sources ?? []) {
      if (values.has(source)) continue;
      await pacer.rest();
      values.set(source, await readToRun(source, node.row.name) as NdArray);
    }
  }
  return values;
}

/**
 * Calls the layer of one node.
 *
 * @param ops The operations of the engine.
 * @param node The node.
 * @param call Its call of a built-in layer.
 * @param weightOf Returns a weight.
 * @param valueOf Returns an input tensor of the node, with its mask.
 * @returns The outputs, with their masks.
 */
export function callNode<T>(
  ops: Ops<T>,
  node: GraphNode,
  { layer, numInputs, args, unmasked, sources }: BuiltInCall,
  weightOf: (source: WeightSource) => T,
  valueOf: (key: string, ref: Ref) => Masked<T>,
): Masked<T>[] {
  const inputs = node.inputs.map((ref, i) => {
    const { value, mask } = valueOf(refKey(ref), ref);
    return { value, mask: unmasked?.includes(i) ? undefined : mask };
  });
  const named = Object.entries(args);
  return callLayer<T>(ops, {
    layer,
    inputs: inputs.slice(0, numInputs),
    weights: Object.fromEntries(
      sources.map((source) => [source.name, weightOf(source)]),
    ),
    args: Object.fromEntries(
      named.map(([key, arg]) => [
        key,
        "input" in arg ? inputs[arg.input]!.value : arg.value,
      ]),
    ),
    argMasks: Object.fromEntries(
      named.flatMap(([key, arg]) =>
        "input" in arg ? [[key, inputs[arg.input]!.mask]] : []
      ),
    ),
  });
}
