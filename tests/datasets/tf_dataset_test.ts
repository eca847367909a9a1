import { assert, assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import {
  checkBatched,
  disposeAll,
  isTfDataset,
} from "../../lib/datasets/tf_dataset.ts";

await tf.setBackend("cpu");

Deno.test("isTfDataset() knows datasets of TF.js, and nothing else", () => {
  assert(isTfDataset(tf.data.array([1, 2])));
  assert(isTfDataset(tf.data.generator(function* () {}).batch(2)));
  assert(!isTfDataset([1, 2].values()) && !isTfDataset(new Set()));
  assert(!isTfDataset(null) && !isTfDataset({ iterator: () => {} }));
});

Deno.test("checkBatched() asks for batch() where there is no tensor", () => {
  const tensor = tf.zeros([1]);
  for (const element of [tensor, [tensor], { xs: { a: tensor }, ys: 0 }]) {
    checkBatched(element, "read batch 0");
  }
  tensor.dispose();
  for (const element of [3, [1, 2], { xs: [1], ys: 0 }, new Float32Array(2)]) {
    assertThrows(
      () => checkBatched(element, "read batch 0"),
      TypeError,
      "batch it, as by ds.batch(32)",
    );
  }
});

Deno.test("disposeAll() disposes of every tensor once, however deep", () => {
  const before = tf.memory().numTensors;
  const twice = tf.zeros([1]);
  const gone = tf.zeros([1]);
  gone.dispose();
  disposeAll({ xs: [twice, { a: tf.zeros([2]) }], ys: twice, gone, n: null });
  assertEquals(tf.memory().numTensors, before);
});
