import { assert, assertEquals } from "@std/assert";
import { tf } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { digitsModel, mobileNetV2, resNet50, tappedByHand } from "./models.ts";

// Parameters of keras.applications with 1000 classes, as its documentation says.
Deno.test("mobileNetV2() has the parameters of Keras' MobileNetV2", () => {
  const model = mobileNetV2();
  assertEquals(model.countParams(), 3_538_984);
  assertEquals(model.getLayer("out_relu").outputShape, [null, 7, 7, 1280]);
  model.dispose();
});

Deno.test("resNet50() has the parameters of Keras' ResNet-50", () => {
  const model = resNet50();
  assertEquals(model.countParams(), 25_636_712);
  assertEquals(model.getLayer("conv5_block3_out").outputShape, [
    ...[null, 7, 7, 2048],
  ]);
  model.dispose();
});

Deno.test("tappedByHand() gives taps, and logits whose softmax is the model's output", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ name: "hidden", units: 4, inputShape: [3] }),
      tf.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const tapped = tappedByHand(model, ["hidden"]);
  const x = tf.tensor2d([[1, -2, 3]]);
  const [hidden, logits] = tapped.predict(x) as tf.Tensor[];
  const wanted = model.predict(x) as tf.Tensor;
  assertEquals(hidden!.shape, [1, 4]);
  assertAllClose(tf.softmax(logits!).dataSync(), wanted.dataSync());
});

Deno.test("digitsModel() gives the trained network", async () => {
  const model = await digitsModel();
  assertEquals(model.layers.at(-1)!.outputShape, [null, 5]);
  assert(model.getLayer("conv1").getWeights()[0]!.abs().max().dataSync()[0]!);
  model.dispose();
});
