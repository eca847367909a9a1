/**
 * Built-in layers on TF.js: uploading their weights once per session, and
 * calling one node.
 *
 * @module
 */
import { tf } from "../../tf.ts";
import type { Masked } from "../../layers/call_layer.ts";
import {
  type BuiltInCall,
  type GraphNode,
  refKey,
  type WeightSource,
} from "../../models/graph/graph.ts";
import { callNode, type HostWeights } from "../call_node.ts";
import { type HeadValues, type Program, usesHead } from "../program.ts";
import { tensorHandle, tidied } from "./tensor_handle.ts";
import { TfjsOps } from "./tfjs_ops.ts";

/** Weights as tensors. */
export type UploadedWeights = ReadonlyMap<WeightSource, tf.Tensor>;

const OPS = new TfjsOps();

/**
 * The call of a node of kind `builtIn`. The weights of layers in memory are
 * TF.js tensors already.
 *
 * @param node Any node.
 * @returns The call; undefined for a node of another kind.
 */
export function builtInCallOf({ call }: GraphNode): BuiltInCall | undefined {
  return call.kind === "builtIn" ? call : undefined;
}

/**
 * Uploads weights to the current backend. The caller disposes of them.
 *
 * @param host Values of the weights.
 * @returns The weights as tensors.
 */
export function uploadWeights(host: HostWeights): UploadedWeights {
  const tensors = [...host].map(([source, value]) =>
    [source, tf.keep(OPS.constant(value))] as const
  );
  return new Map(tensors);
}

/**
 * Uploads the head's weights to the current backend. The caller disposes of
 * them.
 *
 * @param program The program.
 * @returns The weights; undefined if nothing is computed with them.
 */
export function uploadHead(
  program: Program,
): HeadValues<tf.Tensor> | undefined {
  if (!usesHead(program)) return undefined;
  const { kernel, bias } = program.logits!.head!.weights;
  return {
    kernel: tf.keep(OPS.constant(kernel)),
    bias: tf.keep(OPS.constant(bias)),
  };
}

/**
 * Calls one node.
 *
 * @param node The node.
 * @param call Its call of a built-in layer.
 * @param weights Weights of all nodes.
 * @param values Values of its input tensors; outputs are added.
 * @param masks Their masks, if any; those of the outputs are added.
 */
export function runBuiltIn(
  node: GraphNode,
  call: BuiltInCall,
  weights: UploadedWeights,
  values: Map<string, tf.Tensor>,
  masks: Map<string, tf.Tensor>,
): void {
  const weightOf = (source: WeightSource) => weights.get(source)!;
  const valueOf = (key: string): Masked<tf.Tensor> => ({
    value: values.get(key)!,
    mask: masks.get(key),
  });
  const outputs = tidied(
    node.row.name,
    () =>
      callNode(OPS, node, call, weightOf, valueOf).map(({ value, mask }) => ({
        value: tensorHandle(value),
        mask: mask && tensorHandle(mask),
      })),
  );
  outputs.forEach(({ value, mask }, index) => {
    values.set(refKey({ node, index }), value);
    if (mask !== undefined) masks.set(refKey({ node, index }), mask);
  });
}
