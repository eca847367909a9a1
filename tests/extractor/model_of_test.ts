import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { fromLayersModel, loadModel } from "@sonde/sonde";
import { modelOf } from "../../lib/extractor/model_of.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

counted("modelOf() takes models of TF.js and our own", async () => {
  const model = mlp();
  assertEquals(modelOf(model).layers.length, 2);
  const ours = fromLayersModel(model);
  assertStrictEquals(modelOf(ours), ours);
  const path = new URL("../data/graph_models/mlp/model.json", import.meta.url);
  await using graph = await loadModel(path);
  assertStrictEquals(modelOf(graph), graph);
  free(model);
});

counted("modelOf() refuses anything else", () => {
  for (const value of [null, 7, {}, { layers: [] }, () => 0]) {
    assertThrows(
      () => modelOf(value as never),
      TypeError,
      "Cannot create extractor as the model must come from loadModel(), or be a tf.LayersModel or tf.GraphModel",
    );
  }
});
