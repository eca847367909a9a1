import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { builtInFormOf } from "../../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

function opened() {
  const model = tf.sequential({
    layers: [dense("a", 2, { inputShape: [3], activation: "relu" })],
  });
  const [node] = modelGraphOf(fromLayersModel(model))!.topLevel;
  return { model, node: node! };
}

Deno.test("builtInFormOfMemory() reads the weights as they are when they are read", async () => {
  const { model, node } = opened();
  const form = builtInFormOf(node);
  assert("call" in form);
  const [kernel, bias] = form.call.sources;
  assertEquals([kernel!.name, bias!.name], ["kernel", "bias"]);
  const [ones, twos] = [tf.ones([3, 2]), tf.fill([2], 2)];
  model.layers[0]!.setWeights([ones, twos]);
  assertEquals([...(await kernel!.read()).data], [1, 1, 1, 1, 1, 1]);
  assertEquals([...(await bias!.read()).data], [2, 2]);
  tf.dispose([ones, twos]);
  model.dispose();
});

Deno.test("builtInFormOfMemory() is the same until the layer is changed, and then follows it", () => {
  const { model, node } = opened();
  const first = builtInFormOf(node);
  const again = builtInFormOf(node);
  assert("call" in first && "call" in again);
  assertEquals(first.call.layer === again.call.layer, true);
  const layer = model.layers[0]! as unknown as Record<string, unknown>;
  const other = dense("b", 2, { activation: "tanh" });
  layer.activation = (other as unknown as Record<string, unknown>).activation;
  const changed = builtInFormOf(node);
  assert("call" in changed);
  assertEquals(first.call.layer === changed.call.layer, false);
  layer.useBias = false; // it is built with one
  const broken = builtInFormOf(node);
  assert("obstacle" in broken);
  assertEquals(
    broken.obstacle,
    "is left to TF.js: it has 2 weights, and the built-in layer 1",
  );
  model.dispose();
});
