import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LayerNotFoundError } from "../../../lib/errors.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { chain } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

Deno.test("ModelGraph.close() leaves a model of the caller's as it was", async () => {
  const layers = chain();
  const before = tf.memory().numTensors;
  {
    await using model = fromLayersModel(layers);
    assertEquals(model.format, "memory");
  }
  assertEquals(tf.memory().numTensors, before);
  const x = tf.ones([1, 3]);
  (layers.predict(x) as tf.Tensor).dispose();
  x.dispose();
});

Deno.test("ModelGraph says that it is closed, or that its layers are disposed of", async () => {
  const layers = chain();
  const closed = fromLayersModel(layers);
  await closed.close();
  await closed.close();
  await assertRejects(
    () => closed.getWeights("a"),
    TypeError,
    `Cannot get weights as model "chain" must be open and intact: current value is "closed"`,
  );
  const open = modelGraphOf(fromLayersModel(layers))!;
  layers.dispose();
  assertThrows(
    () => open.checkUsable("run"),
    TypeError,
    `current value is "disposed"`,
  );
});

Deno.test("ModelGraph.findLayer() gives rows, by name, index and offset", () => {
  const model = fromLayersModel(chain());
  assertEquals(model.findLayer("a").numParameters, 16);
  assertEquals(model.findLayer(0, { offset: 1 }).name, "b");
  assertThrows(() => model.findLayer("c"), LayerNotFoundError);
  assertThrows(
    () => model.findLayer("a", { ofset: 1 } as never),
    TypeError,
    `did you mean "offset"`,
  );
});

Deno.test("ModelGraph.fingerprint() reads weights again only where they changed", async () => {
  const layers = chain();
  const model = modelGraphOf(fromLayersModel(layers))!;
  const first = await model.fingerprint();
  let reads = 0;
  const kernel = layers.layers[0]!.weights[0]!.read();
  const { data } = kernel;
  Object.defineProperty(kernel, "data", {
    value: () => (reads++, data.call(kernel)),
  });
  assertEquals(await model.fingerprint(), first);
  assertEquals(reads, 0);
});
