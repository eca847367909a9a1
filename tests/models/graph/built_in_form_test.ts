import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { loadModel } from "../../../lib/models/load_model.ts";
import type { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import { builtInFormOf } from "../../../lib/models/graph/built_in_form.ts";
import { dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

const DATA = new URL("../../data/", import.meta.url);
const DIGITS = new URL(
  "../../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

Deno.test("builtInFormOf() gives the call of layers of files and of TF.js, and why it has none", async () => {
  await using keras = await loadModel(DIGITS) as ModelGraph;
  assert(keras.listed.some((node) => "call" in builtInFormOf(node)));
  const model = tf.sequential({ layers: [dense("a", 2, { inputShape: [3] })] });
  const [layer] = (fromLayersModel(model) as ModelGraph).topLevel;
  assert("call" in builtInFormOf(layer!));
  model.dispose();
  const path = new URL("graph_models/mlp/model.json", DATA);
  await using graph = await loadModel(path) as ModelGraph;
  const operation = graph.listed.find(({ call }) => call.kind === "raw");
  assertEquals(builtInFormOf(operation!), {
    obstacle: "is an operation of TF.js",
  });
});
