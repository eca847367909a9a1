/**
 * Masks in models in memory: where TF.js hands them round in its own way.
 *
 * @module
 */
import { type GraphNode, origin } from "../graph/graph.ts";
import { inKerasSpelling } from "../graph/keras_spelling.ts";
import { makesMask, MASKS_ALIKE } from "./tfjs_dialect.ts";

/** What is known of the mask behind a node. */
type Mask = "none" | "alike" | "other";

/**
 * Whether a mask may reach a node otherwise than in built-in layers: TF.js loses
 * masks in some classes, hands them to all of a nested model, and to whatever
 * comes after a layer that ends them.
 *
 * @param node A node of a model in memory.
 * @returns Whether a layer before it makes a mask, and not all on the way treat
 * masks as built-in layers do.
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
