import type { io } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { buildGraphModel } from "../../../lib/models/tfjs/build_graph_model.ts";

await tf.setBackend("cpu");

/** A graph of TF.js, as artifacts. */
async function artifacts() {
  const home = new URL("../../data/graph_models/mlp/", import.meta.url);
  const json = JSON.parse(await Deno.readTextFile(new URL("model.json", home)));
  const [{ paths, weights }] = json.weightsManifest;
  const bytes = await Deno.readFile(new URL(paths[0], home));
  return {
    ...json,
    weightSpecs: weights as io.WeightsManifestEntry[],
    weightData: bytes.buffer as ArrayBuffer,
  };
}

Deno.test("buildGraphModel() frees what it made, also when it fails", async () => {
  const saved = await artifacts();
  const weights = saved.weightSpecs;
  const before = tf.memory().numTensors;
  const { model, free } = await buildGraphModel(saved);
  assert(tf.memory().numTensors > before);
  assertEquals(model.inputs.length, 1);
  free();
  assertEquals(tf.memory().numTensors, before);
  const last = weights.at(-1);
  const wrong = [...weights.slice(0, -1), { ...last, dtype: "strange" }];
  await assertRejects(() => buildGraphModel({ ...saved, weightSpecs: wrong }));
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("buildGraphModel() uses the backend without advice on packages", async () => {
  const backend = tf.backend() as { firstUse?: boolean };
  backend.firstUse = true;
  const { free } = await buildGraphModel(await artifacts());
  assertEquals(backend.firstUse, false);
  free();
});

Deno.test("buildGraphModel() makes nothing that an open scope of the caller frees", async () => {
  const saved = await artifacts();
  tf.engine().startScope();
  const { free } = await buildGraphModel(saved);
  const before = tf.memory().numTensors;
  tf.engine().endScope();
  assertEquals(tf.memory().numTensors, before);
  free();
  assert(tf.memory().numTensors < before);
});
