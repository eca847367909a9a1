import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  buildGraphModel,
  buildLayersModel,
} from "../../../lib/models/tfjs/build_model.ts";
import { chain } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

/** A saved model, changed. */
async function artifacts(
  model: tf.LayersModel,
  change: Partial<tf.io.ModelArtifacts> = {},
): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts = {};
  await model.save(tf.io.withSaveHandler((made) => {
    saved = { ...made, ...change };
    const modelArtifactsInfo = {
      dateSaved: new Date(0),
      modelTopologyType: "JSON" as const,
    };
    return Promise.resolve({ modelArtifactsInfo });
  }));
  model.dispose();
  return saved;
}

/** Weights of which the last finds no layer. */
const LEFT_OVER: Partial<tf.io.ModelArtifacts> = {
  weightSpecs: [
    { name: "a/kernel", shape: [3, 4], dtype: "float32" },
    { name: "nobody/kernel", shape: [2], dtype: "float32" },
  ],
  weightData: new ArrayBuffer(56),
};

/** A layer that keeps a tensor which is no weight. */
class Keeps extends tf.layers.Layer {
  static className = "KeepsForBuildModel";
  #table: tf.Tensor | undefined;
  override build(): void {
    this.#table = tf.ones([2]);
    this.built = true;
  }
  override call(inputs: tf.Tensor[]): tf.Tensor {
    return tf.mul(inputs[0]!, this.#table!);
  }
}
tf.serialization.registerClass(Keeps);

Deno.test("buildLayersModel() frees what it made, and no sooner", async () => {
  const saved = await artifacts(chain());
  const before = tf.memory().numTensors;
  const { model, free } = await buildLayersModel(saved);
  assertEquals(tf.memory().numTensors, before + 4);
  free();
  assertEquals(tf.memory().numTensors, before);
  assertEquals(model.layers.length, 2);
  free();
});

Deno.test("buildLayersModel() keeps tensors that a layer makes for itself", async () => {
  const layers = [new Keeps({ name: "k", inputShape: [2] } as never)];
  const saved = await artifacts(tf.sequential({ layers }));
  const before = tf.memory().numTensors;
  const { model, free } = await buildLayersModel(saved);
  const y = tf.tidy(() =>
    (model.predict(tf.ones([1, 2])) as tf.Tensor).dataSync()
  );
  assertEquals([...y], [1, 1]);
  free();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("buildLayersModel() leaves nothing when weights find no layer", async () => {
  const saved = await artifacts(chain(), LEFT_OVER);
  const before = tf.memory().numTensors;
  await assertRejects(() => buildLayersModel(saved), Error, "nobody/kernel");
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("buildLayersModel() frees nothing of what others made meanwhile", async () => {
  const good = await artifacts(chain("good"));
  const bad = await artifacts(chain("bad"), LEFT_OVER);
  const before = tf.memory().numTensors;
  const made: tf.Variable[] = [];
  const busy = (async () => {
    for (let i = 0; i < 50; i++) {
      made.push(tf.tidy(() => tf.variable(tf.scalar(i))));
      await null;
    }
  })();
  const [loaded, failed] = await Promise.allSettled([
    buildLayersModel(good),
    buildLayersModel(bad),
    busy,
  ]);
  assert(failed!.status === "rejected" && loaded!.status === "fulfilled");
  assert(made.every(({ isDisposed }) => !isDisposed));
  for (const weight of loaded.value!.model.weights) {
    assertEquals(weight.read().isDisposed, false);
  }
  loaded.value!.free();
  assert(made.every(({ isDisposed }) => !isDisposed));
  tf.dispose(made);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("buildLayersModel() makes nothing that an open scope of the caller frees", async () => {
  const saved = await artifacts(chain());
  tf.engine().startScope();
  const { model, free } = await buildLayersModel(saved);
  tf.engine().endScope();
  assert(model.weights.every((weight) => !weight.read().isDisposed));
  free();
});

Deno.test("buildLayersModel() leaves the training configuration out", async () => {
  const model = chain();
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const saved = await artifacts(model, {
    trainingConfig: { loss: "no such loss" } as never,
  });
  (await buildLayersModel(saved)).free();
});

Deno.test("buildLayersModel() uses the backend without advice on packages", async () => {
  const saved = await artifacts(chain());
  const backend = tf.backend() as { firstUse?: boolean };
  backend.firstUse = true;
  const { free } = await buildLayersModel(saved);
  assertEquals(backend.firstUse, false);
  free();
});

Deno.test("buildGraphModel() frees what it made, also when it fails", async () => {
  const home = new URL("../../data/graph_models/mlp/", import.meta.url);
  const json = JSON.parse(await Deno.readTextFile(new URL("model.json", home)));
  const [{ paths, weights }] = json.weightsManifest;
  const bytes = await Deno.readFile(new URL(paths[0], home));
  const saved = {
    ...json,
    weightSpecs: weights,
    weightData: bytes.buffer as ArrayBuffer,
  };
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
