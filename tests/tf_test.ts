import { assertEquals, assertStrictEquals } from "@std/assert";
import * as tfjs from "@tensorflow/tfjs";
import { tf as exported } from "@sonde/sonde";
import { tf } from "../lib/tf.ts";
import { filesIn } from "./support/source_tree.ts";

Deno.test("TF.js is loaded by lib/tf.ts alone, on its first use", () => {
  const around = [...filesIn("lib"), ...filesIn("tests")].filter((
    { source },
  ) => /^import (?!type\b).* from "@tensorflow\/tfjs";/m.test(source));
  assertEquals(around.map(({ path }) => path).sort(), [
    // These compare it with the copy that users may import.
    "tests/extractor/_models.ts",
    "tests/tf_test.ts",
    "tests/tfjs_engine_test.ts",
  ]);
});

Deno.test("tf is the one copy of TF.js, also as mod.ts exports it", () => {
  assertStrictEquals(tf.tensor, tfjs.tensor);
  assertStrictEquals(tf.Tensor, tfjs.Tensor);
  assertStrictEquals(exported, tf);
});

Deno.test("tf has all members of TF.js, before and after it is loaded", async () => {
  // A second copy of the module, of which no member was used.
  const { tf: unused } = await import("../lib/tf.ts?unused");
  const ofPackages = ["default", "module.exports"];
  const names = Object.keys(tfjs).filter((name) => !ofPackages.includes(name));
  assertEquals(Object.keys(unused), names.sort());
  assertStrictEquals(unused.tensor, tfjs.tensor);
  assertEquals({ ...unused }, { ...tf });
});

Deno.test("tf names types that fit the values of TF.js", () => {
  const tensor: tf.Tensor = tf.tensor([1, 2]);
  const matrix: tf.Tensor2D = tf.tensor2d([[1]]);
  const model: tf.LayersModel = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [2] })],
  });
  const dataset: tf.data.Dataset<tf.TensorContainer> = tf.data.array([1, 2, 3]);
  assertEquals([tensor.shape, matrix.shape], [[2], [1, 1]]);
  assertEquals(dataset.size, 3);
  tf.dispose([tensor, matrix]);
  model.dispose();
});
