import { FeatureExtractor, type Model, type tf } from "@sonde/sonde";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../lib/models/graph/model_graph.ts";

/**
 * The graph that an extractor makes of a model.
 *
 * @param model The model.
 * @returns Its graph.
 */
export function graphOf(
  model: Model | tf.LayersModel | tf.GraphModel,
): ModelGraph {
  return modelGraphOf(new FeatureExtractor(model).model)!;
}
