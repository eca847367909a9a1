import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { canonicalJson } from "../../lib/models/fingerprint.ts";
import { fromLayersModel } from "../../lib/models/from_layers_model.ts";
import { loadModel } from "../../lib/models/load_model.ts";
import type { ModelGraph } from "../../lib/models/model_graph.ts";
import { saveTo } from "../support/save_model.ts";
import { called, dense } from "../support/tf_models.ts";

await tf.setBackend("cpu");

function model(activation: "relu" | "tanh" = "relu", seed = 1): tf.Sequential {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  return tf.sequential({
    layers: [
      dense("a", 4, { inputShape: [3], activation, kernelInitializer }),
      dense("b", 2, { kernelInitializer }),
    ],
  });
}

function hash(of: tf.LayersModel): Promise<string> {
  return (fromLayersModel(of) as ModelGraph).fingerprint();
}

Deno.test("fingerprintOf() is the same for the same model, however often it was made", async () => {
  const first = await hash(model());
  assertMatch(first, /^[0-9a-f]{64}$/);
  assertEquals(await hash(model()), first);
});

Deno.test("fingerprintOf() is the same in memory and from a file", async () => {
  const folder = await Deno.makeTempDir();
  const path = await saveTo(model(), folder);
  await using loaded = await loadModel(path);
  assertEquals(await (loaded as ModelGraph).fingerprint(), await hash(model()));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("fingerprintOf() tells weights, activations and graphs apart", async () => {
  const x = tf.input({ shape: [3], name: "x" });
  const a = called(dense("a", 3, { kernelInitializer: "ones" }), x);
  const b = called(dense("b", 3, { kernelInitializer: "ones" }), a);
  const straight = tf.model({ inputs: x, outputs: b });
  const around = tf.model({
    inputs: x,
    outputs: called(tf.layers.add({ name: "sum" }), [a, b]),
  });
  const hashes = await Promise.all(
    [model(), model("tanh"), model("relu", 2), straight, around].map(hash),
  );
  assertEquals(new Set(hashes).size, 5);
});

Deno.test("fingerprintOf() changes when a weight does, and comes back with it", async () => {
  const layers = model();
  const graph = fromLayersModel(layers) as ModelGraph;
  const before = await graph.fingerprint();
  const kept = layers.getWeights().map((weight) => weight.clone());
  const ones = kept.map((weight) => tf.onesLike(weight));
  layers.setWeights(ones);
  assertNotEquals(await graph.fingerprint(), before);
  layers.setWeights(kept);
  assertEquals(await graph.fingerprint(), before);
  tf.dispose([kept, ones]);
});

Deno.test("fingerprintOf() does not count how a layer was made or trained", async () => {
  const plain = model();
  const frozen = model();
  frozen.layers[0]!.trainable = false;
  assertEquals(await hash(frozen), await hash(plain));
});

Deno.test("canonicalJson() goes by values, not by the order of keys", () => {
  assertEquals(
    canonicalJson({ b: 1, a: [{ d: 1, c: 2 }] }),
    `{"a":[{"c":2,"d":1}],"b":1}`,
  );
  assertEquals(
    canonicalJson({ a: undefined, b: Infinity }),
    `{"b":"Infinity"}`,
  );
});
