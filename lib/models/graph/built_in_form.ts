import type { Layer } from "../../layers/layer.ts";
import type { BuiltInForm, GraphNode } from "./graph.ts";
import {
  builtInFormOfMemory,
  builtInLayerOfMemory,
} from "../tfjs/memory_form.ts";

/**
 * How our own layers compute a node, for engines that run nothing else.
 *
 * @param node Any node that computes.
 * @returns Their call, with its options as they are now; or what is in the way,
 * to be said of the node.
 */
export function builtInFormOf(node: GraphNode): BuiltInForm {
  const { call } = node;
  if (call.kind === "builtIn") return { call };
  if (call.kind === "inMemory") return builtInFormOfMemory(node, call.layer);
  const isOfFile = call.kind === "raw" && call.onnx !== undefined;
  return {
    obstacle: isOfFile
      ? "is an operation of an ONNX file, which is run as it stands"
      : "is an operation of TF.js",
  };
}

/**
 * The layer behind a node, for what is known of it without running it.
 *
 * @param node Any node.
 * @returns The layer; undefined where the node's class is a custom one of TF.js,
 * or no layer.
 */
export function builtInLayerOf({ call }: GraphNode): Layer | undefined {
  if (call.kind === "builtIn") return call.layer;
  return call.kind === "inMemory" && call.isOwnClass
    ? builtInLayerOfMemory(call.layer)
    : undefined;
}
