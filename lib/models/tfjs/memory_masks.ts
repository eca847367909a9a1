/**
 * Masks in models in memory: finds nodes where TF.js propagates masks
 * differently.
 *
 * @module
 */
import { type GraphNode, origin } from "../graph/graph.ts";
import { inKerasSpelling } from "../graph/keras_spelling.ts";
import { makesMask, MASKS_ALIKE } from "./tfjs_dialect.ts";

/** The mask state of a node's outputs. */
type Mask = "none" | "alike" | "other";

/**
 * Whether the masks of a node may differ from those of built-in layers: TF.js
 * loses masks in some classes, passes them to all layers of a nested model, and
 * to all layers after one that ends them.
 *
 * @param node A node of a model in memory.
 * @returns True if an earlier layer computes a mask, and not all layers between
 * treat masks like built-in layers.
 */
export function hasOtherMasks(node: GraphNode): boolean {
  return maskBehind(node, new Map()) === "other";
}

function maskBehind(node: GraphNode, seen: Map<GraphNode, Mask>): Mask {
  const known = seen.get(node);
  if (known !== undefined) return known;
  const mask = found(node, seen);
  seen.set(node, mask);
  return mask;
}

function found(node: GraphNode, seen: Map<GraphNode, Mask>): Mask {
  const { call, inputs } = node;
  if (call.kind !== "inMemory") return "none";
  const before = inputs.map(origin).map(({ node: from }): Mask => {
    const mask = maskBehind(from, seen);
    const isInside = from.call.kind === "inMemory" &&
      from.call.within === call.within;
    return mask === "alike" && !isInside ? "other" : mask;
  });
  if (before.includes("other")) return "other";
  const className = call.layer.getClassName();
  if (before.includes("alike")) {
    const isAlike = inputs.length === 1 && MASKS_ALIKE.has(className);
    return isAlike ? "alike" : "other";
  }
  if (!/^(Masking|Embedding)$/.test(className)) return "none";
  const config = inKerasSpelling(call.layer.getConfig());
  const options = config as Readonly<Record<string, unknown>>;
  return makesMask({ className, options }) ? "alike" : "none";
}
