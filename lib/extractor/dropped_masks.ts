import { callNode } from "../engines/call_node.ts";
import type { Program } from "../engines/program.ts";
import { schedule } from "../engines/schedule.ts";
import { feedsOf } from "./feeds.ts";
import type { Layer } from "../layers/layer.ts";
import {
  type BuiltInCall,
  type GraphNode,
  origin,
  refKey,
  shapeValue,
  specOf,
} from "../models/graph/graph.ts";
import type { Ops } from "../ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../ops/shape_ops.ts";

/** Masks of tensors, by the tensors' keys. */
type Masks = Map<string, ShapeValue | undefined>;

const SHAPES = new ShapeOps();

/**
 * Finds the masks that are lost if a program starts within a model.
 *
 * As in a sub-model of Keras, the input of the program has no mask. In the
 * whole model it may have one, from an earlier `Masking` or `Embedding`; a
 * layer that reads the mask then computes different numbers.
 *
 * @param program The program.
 * @returns A warning for each tensor that is fed without its mask, if a layer
 * that runs reads it.
 */
export function droppedMasks(
  { graph, feeds, schedule: runs }: Program,
): string[] {
  const inputs = feedsOf(graph, undefined);
  const known = new Set(inputs.map(({ ref }) => refKey(ref)));
  const cut = feeds.map(({ ref }) => origin(ref)).filter((ref) =>
    !known.has(refKey(ref))
  );
  if (cut.length === 0) return [];
  const masks: Masks = new Map();
  for (const node of schedule(inputs, cut).nodes) passMasks(node, masks);
  return cut.flatMap((ref) => {
    const key = refKey(ref);
    const fed: Masks = new Map([[key, masks.get(key)]]);
    if (fed.get(key) === undefined) return [];
    const readers = runs.nodes.filter((node) =>
      takesMask(node, fed) && passMasks(node, fed)
    );
    if (readers.length === 0) return [];
    const names = readers.map(({ row }) => `"${row.name}"`).join(", ");
    return [
      `the output of "${ref.node.row.name}" is fed without its mask: the ` +
      `numbers of ${names} differ from those of the whole model`,
    ];
  });
}

function takesMask(node: GraphNode, masks: Masks): boolean {
  return node.inputs.some((ref) => masks.get(refKey(ref)) !== undefined);
}

/**
 * Finds the masks of a node's outputs. Returns whether its values depend on a
 * mask.
 */
function passMasks(node: GraphNode, masks: Masks): boolean {
  const call = builtInCall(node);
  if (call === undefined || !node.inputs.every((ref) => specOf(ref))) {
    return false;
  }
  const fed = new Set(node.inputs.map((ref) => masks.get(refKey(ref))));
  fed.delete(undefined);
  let isRead = false;
  const layer = watched(call.layer, (value) => isRead ||= fed.has(value));
  const outputs = callNode<ShapeValue>(
    SHAPES,
    node,
    { ...call, layer },
    ({ shape }) => ({ shape, dtype: "float32" }),
    (key, ref) => ({ value: shapeValue(specOf(ref)!), mask: masks.get(key) }),
  );
  for (const [index, { mask }] of outputs.entries()) {
    masks.set(refKey({ node, index }), mask);
  }
  return isRead;
}

function builtInCall(node: GraphNode): BuiltInCall | undefined {
  const { call } = node;
  if (call.kind === "builtIn") return call;
  if (call.kind !== "inMemory") return undefined;
  const form = call.builtInForm(node);
  return "call" in form ? form.call : undefined;
}

/** Whether the values of a layer depend on masks. */
function watched(layer: Layer, onUse: (value: ShapeValue) => void): Layer {
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    onUse(value as ShapeValue);
    Object.values(value).forEach(visit);
  };
  const watch = <T>(ops: Ops<T>): Ops<T> =>
    new Proxy(ops, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...values: unknown[]) => {
          values.forEach(visit);
          return member.apply(target, values);
        };
      },
    });
  return {
    weights: layer.weights,
    call: (ops, inputs, weights, context) =>
      layer.call(watch(ops), inputs, weights, context),
    ...(layer.masks === undefined ? {} : { masks: layer.masks.bind(layer) }),
  };
}
