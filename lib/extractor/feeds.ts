import { cannot } from "../check.ts";
import type { Feed } from "../engines/schedule.ts";
import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";

/**
 * The tensors that a program is fed: the model's inputs, or what a layer
 * receives.
 *
 * @param graph The model.
 * @param cut The layer; undefined for the model's own inputs.
 * @returns Each tensor once, under a name of its own.
 * @throws {TypeError} If the layer receives nothing.
 */
export function feedsOf(
  graph: ModelGraph,
  cut: GraphNode | undefined,
): Feed[] {
  if (cut === undefined) {
    return graph.inputRefs.map((ref, i) => ({ ref, spec: graph.inputs[i]! }));
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

/** An input layer, also a nested model's own, stands for what it hands on. */
function receivedBy(cut: GraphNode): readonly Ref[] {
  if (cut.call.kind === "input") return [{ node: cut, index: 0 }];
  if (cut.inputs.length > 0) return cut.inputs;
  return cut.call.kind === "alias" ? cut.call.outputs : [];
}

function feedOf(graph: ModelGraph, ref: Ref): Feed {
  const key = refKey(ref);
  const place = graph.inputRefs.findIndex((input) => refKey(input) === key);
  if (place >= 0) return { ref, spec: graph.inputs[place]! };
  const name = tensorName(ref);
  const known = specOf(ref);
  // Where the graph says nothing of a tensor, any shape goes.
  const spec = known ?? { name, shape: [], dtype: "float32" as const };
  return { ref, spec: { ...spec, name } };
}

/**
 * A tensor's name: that of the layer that gives it, with its place where there
 * are several.
 *
 * @param ref The tensor.
 * @returns As in `dense`, or `split[1]`.
 */
export function tensorName(ref: Ref): string {
  const { node, index } = origin(ref);
  const isOne = node.row.outputs.length <= 1 && index === 0;
  return isOne ? node.row.name : `${node.row.name}[${index}]`;
}
