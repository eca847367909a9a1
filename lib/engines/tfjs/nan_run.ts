/**
 * Batches with NaN on layers of TF.js in memory. Some kernels of TF.js do not
 * propagate NaN, depending on the backend: pooling, `relu`, `relu6` and others.
 * So such a batch runs on equivalent built-in layers, which propagate NaN on
 * every engine.
 *
 * @module
 */
import type { tf } from "../../tf.ts";
import {
  type BuiltInCall,
  builtInFormOf,
  type GraphNode,
} from "../../models/graph/graph.ts";
import { numNonFinite } from "../../models/graph/weights.ts";
import type { NdArray } from "../../types.ts";
import { type HostWeights, readNodeWeights } from "../call_node.ts";
import { builtInCallOf } from "./run_built_in.ts";
import type { NodeRun } from "./run_nodes.ts";

/** Built-in layers that replace layers in memory. */
export interface NaNForms {
  readonly callOf: NodeRun["callOf"];
  /** Current values of their weights. */
  readonly host: HostWeights;
}

/**
 * The call of a node if values may be NaN.
 *
 * @param node Any node.
 * @returns The call; undefined if only TF.js can compute it.
 */
function callForNaN(node: GraphNode): BuiltInCall | undefined {
  if (node.call.kind !== "inMemory") return builtInCallOf(node);
  const form = builtInFormOf(node);
  return "call" in form ? form.call : undefined;
}

/**
 * Finds the built-in layers that a batch with NaN needs.
 *
 * @param nodes The nodes that will run.
 * @param inputs Values of the batch.
 * @returns The built-in layers; undefined if the inputs are finite, or no layer
 * in memory runs.
 */
export async function nanForms(
  nodes: readonly GraphNode[],
  inputs: readonly (tf.Tensor | NdArray<ArrayBufferView>)[],
): Promise<NaNForms | undefined> {
  if (nodes.every(({ call }) => call.kind !== "inMemory")) return undefined;
  for (const input of inputs) {
    if (!await holdsNonFinite(input)) continue;
    const memoryCall = (node: GraphNode) =>
      builtInCallOf(node) === undefined ? callForNaN(node) : undefined;
    const host = await readNodeWeights(nodes, memoryCall);
    return { callOf: callForNaN, host };
  }
  return undefined;
}

/**
 * Whether inputs are not finite: an infinity can become NaN in a later layer.
 */
async function holdsNonFinite(
  input: tf.Tensor | NdArray<ArrayBufferView>,
): Promise<boolean> {
  if (!input.dtype.startsWith("float")) return false;
  const values = "dataId" in input ? await input.data() : input.data;
  return numNonFinite(values as Float32Array) > 0;
}
