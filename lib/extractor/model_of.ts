import type { tf } from "../tf.ts";
import { cannot, checkAwaited } from "../check.ts";
import { fromGraphModel } from "../models/tfjs/from_graph_model.ts";
import { fromLayersModel } from "../models/tfjs/from_layers_model.ts";
import { ModelGraph } from "../models/graph/model_graph.ts";
import type { Model } from "../types.ts";

/**
 * The graph of whatever an extractor takes as a model. Models of TF.js are
 * told by their members, so that those of another copy of it go too.
 *
 * @param model What came.
 * @returns Its graph.
 * @throws {TypeError} If it is no model, or cannot be used any more.
 */
export function modelOf(
  model: Model | tf.LayersModel | tf.GraphModel,
): ModelGraph {
  const action = "create extractor";
  checkAwaited(model, action, "the model");
  const graph = model instanceof ModelGraph ? model : fromTfjs(model);
  if (graph === undefined) {
    throw new TypeError(
      cannot(
        action,
        "the model must come from loadModel(), or be a tf.LayersModel or tf.GraphModel",
        model,
      ),
    );
  }
  graph.checkUsable(action);
  return graph;
}

function fromTfjs(model: unknown): ModelGraph | undefined {
  if (typeof model !== "object" || model === null) return undefined;
  if ("layers" in model && "predict" in model) {
    return fromLayersModel(model as tf.LayersModel) as ModelGraph;
  }
  if ("executor" in model) {
    return fromGraphModel(model as unknown as tf.GraphModel) as ModelGraph;
  }
  return undefined;
}
