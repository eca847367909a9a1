import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { readWeight, weightsOf } from "../../../lib/models/graph/weights.ts";
import { dense, nested } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

async function namesAndShapes(model: tf.LayersModel, id: string | number) {
  const weights = await weightsOf(
    modelGraphOf(fromLayersModel(model))!.findNode(id),
  );
  return Object.entries(weights).map(([name, { shape }]) => [name, [...shape]]);
}

Deno.test("weightsOf() names weights as Keras does, in its order", async () => {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv1d({ filters: 4, kernelSize: 3, inputShape: [8, 2] }),
      layers.batchNormalization(),
      layers.bidirectional({
        layer: layers.lstm({ units: 3 }) as RNN,
        mergeMode: "concat",
      }),
      dense("head", 2),
    ],
  });
  assertEquals(await namesAndShapes(model, 0), [["kernel", [3, 2, 4]], [
    "bias",
    [4],
  ]]);
  assertEquals((await namesAndShapes(model, 1)).map(([name]) => name), [
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
  ]);
  const both = await namesAndShapes(model, 2);
  assertEquals(both.length, 6);
  assertEquals(new Set(both.map(([name]) => name)).size, 6);
  assertEquals(both.map(([, shape]) => shape), [
    [4, 12],
    [3, 12],
    [12],
    [4, 12],
    [3, 12],
    [12],
  ]);
});

Deno.test("weightsOf() gives those of a nested model under their paths", async () => {
  assertEquals(await namesAndShapes(nested(), "outer"), [
    ["inner/deep/kernel", [3, 3]],
    ["inner/deep/bias", [3]],
    ["after/kernel", [3, 3]],
    ["after/bias", [3]],
  ]);
});

Deno.test("weightsOf() gives nothing for a layer without weights", async () => {
  const model = tf.sequential({
    layers: [tf.layers.flatten({ inputShape: [2, 2] })],
  });
  assertEquals(await namesAndShapes(model, 0), []);
});

Deno.test("weightsOf() copies, so that nothing written reaches the model", async () => {
  const model = tf.sequential({ layers: [dense("d", 2, { inputShape: [2] })] });
  const graph = modelGraphOf(fromLayersModel(model))!;
  const before = tf.memory().numTensors;
  const weights = await weightsOf(graph.findNode("d"));
  const first = weights.kernel!.data[0]!;
  weights.kernel!.data.fill(7);
  assertEquals((await weightsOf(graph.findNode("d"))).kernel!.data[0], first);
  assertEquals(tf.memory().numTensors, before);
  assert(Object.isFrozen(weights));
  assertThrows(() => Object.assign(weights, { more: 1 }), TypeError);
});

Deno.test("readWeight() keeps integers and booleans what they are", async () => {
  const whole = tf.tensor1d([1, 2], "int32");
  const truth = tf.tensor1d([true, false], "bool");
  assertEquals((await readWeight(whole)).dtype, "int32");
  assertEquals((await readWeight(truth)).dtype, "bool");
  tf.dispose([whole, truth]);
});
