import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, half, loadModel, tf } from "@sonde/sonde";
import { type BackendName, makeReady } from "../../lib/engines/tfjs/backend.ts";
import { assertAllClose } from "../support/all_close.ts";

const X = { data: Float32Array.of(1, -2, 3, 0.5, 0, -1), shape: [2, 3] };

function network(): tf.LayersModel {
  const seeded = tf.initializers.glorotNormal({ seed: 3 });
  return tf.sequential({
    layers: [
      tf.layers.dense({
        name: "hidden",
        units: 4,
        inputShape: [3],
        kernelInitializer: seeded,
      }),
      tf.layers.dense({
        name: "head",
        units: 2,
        activation: "softmax",
        kernelInitializer: seeded,
      }),
    ],
  });
}

/** Runs with a backend current, and puts back the one before. */
async function onBackend<R>(
  name: BackendName,
  work: () => Promise<R>,
): Promise<R> {
  await makeReady(name);
  const before = tf.getBackend();
  await tf.setBackend(name);
  try {
    return await work();
  } finally {
    await tf.setBackend(before);
  }
}

// On the engine's own backend tensors stay where they are, elsewhere they are read.
const BACKENDS = [["cpu", "cpu"], ["wasm", "wasm"], ["wasm", "cpu"]] as const;
for (const [engine, current] of BACKENDS) {
  Deno.test(`predictTensor() on ${engine} returns what predict() returns while ${current} is current`, async () => {
    await onBackend(current, async () => {
      const model = network();
      const extractor = new FeatureExtractor(model)
        .layers(["hidden"])
        .engine("tfjs", { backend: engine });
      const x = tf.tensor(X.data, [2, 3]);
      const set = await extractor.predict(x, { progress: false });
      await using open = await extractor.open();
      const { numTensors } = tf.memory();
      const { features, logits } = await open.predictTensor(x);
      assertEquals(tf.memory().numTensors, numTensors + 2);
      assertEquals(features.length, 1);
      assertEquals(features[0]!.shape, [2, 4]);
      assertAllClose(
        features[0]!.dataSync(),
        set.features[0]!.data as Float32Array,
      );
      assertAllClose(logits!.dataSync(), set.logits!.data);
      assert(!x.isDisposed);
      tf.dispose([...features, logits!]);
      assertEquals(tf.memory().numTensors, numTensors);
      x.dispose();
      model.dispose();
    });
  });
}

Deno.test("predictTensor() returns a separate tensor for each layer, also one that is input and logits", async () => {
  await onBackend("cpu", async () => {
    const input = tf.input({ shape: [3], name: "in" });
    const output = tf.layers.dense({ name: "head", units: 2 }).apply(input);
    const outputs = output as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs });
    await using open = await new FeatureExtractor(model)
      .engine("tfjs", { backend: "cpu" }).layers(["in", "head"]).open();
    const x = tf.tensor(X.data, [2, 3]);
    const { numTensors } = tf.memory();
    const { features, logits } = await open.predictTensor(x);
    assertEquals(tf.memory().numTensors, numTensors + 3);
    features[0]!.dispose();
    features[1]!.dispose();
    assertEquals(logits!.dataSync().length, 4);
    assertAllClose(x.dataSync(), X.data);
    tf.dispose([x, logits!]);
    model.dispose();
  });
});

Deno.test("predictTensor() returns int32 for a boolean feature", async () => {
  await onBackend("cpu", async () => {
    const model = network();
    await using open = await new FeatureExtractor(model).layers(["hidden"])
      .engine("tfjs", { backend: "cpu" })
      .postprocess((feature) => tf.greater(feature, 0)).open();
    const x = tf.tensor(X.data, [2, 3]);
    const { numTensors } = tf.memory();
    const { features, logits } = await open.predictTensor(x);
    assertEquals(features[0]!.dtype, "int32");
    tf.dispose([...features, logits!]);
    assertEquals(tf.memory().numTensors, numTensors);
    x.dispose();
    model.dispose();
  });
});

Deno.test("predictTensor() rounds to float16 where that is requested", async () => {
  await onBackend("cpu", async () => {
    const model = network();
    await using open = await new FeatureExtractor(model).layers(["hidden"])
      .engine("tfjs", { backend: "cpu" }).postprocess(half()).open();
    const x = tf.tensor(X.data, [2, 3]);
    const { features, logits } = await open.predictTensor(x);
    const values = features[0]!.dataSync();
    assertEquals([...values], [...new Float16Array(values)]);
    tf.dispose([...features, logits!, x]);
    model.dispose();
  });
});

Deno.test("predictTensor() refuses tensors that do not fit, and keeps none", async () => {
  await onBackend("cpu", async () => {
    const model = network();
    await using open = await new FeatureExtractor(model).layers(["hidden"])
      .engine("tfjs", { backend: "cpu" })
      .postprocess((feature) => feature.slice([0], [1])).open();
    const narrow = tf.ones([2, 2]);
    const x = tf.ones([2, 3]);
    const { numTensors } = tf.memory();
    await assertRejects(
      () => open.predictTensor(narrow),
      TypeError,
      "[null, 3]",
    );
    await assertRejects(() => open.predictTensor(x), TypeError, "2 rows");
    x.dispose();
    await assertRejects(() => open.predictTensor(x), TypeError, "disposed");
    assertEquals(tf.memory().numTensors, numTensors - 1);
    narrow.dispose();
    model.dispose();
  });
});

Deno.test("predictTensor() refuses to go on when a weight was set since open()", async () => {
  await onBackend("cpu", async () => {
    const model = network();
    await using open = await new FeatureExtractor(model).layers(["hidden"])
      .engine("tfjs", { backend: "cpu" }).open();
    const x = tf.ones([1, 3]);
    const { features, logits } = await open.predictTensor(x);
    const [kernel, bias] = model.layers[1]!.getWeights();
    const twice = tf.mul(kernel!, 2);
    model.layers[1]!.setWeights([twice, bias!]);
    await assertRejects(
      () => open.predictTensor(x),
      TypeError,
      "weights must be as they were when it was opened",
    );
    tf.dispose([...features, logits!, x, twice]);
    model.dispose();
  });
});

Deno.test("predictTensor() cuts batches of a graph that takes one row at once", async () => {
  const url = new URL(
    "../data/faults/graph_of_one_row/model.json",
    import.meta.url,
  );
  await using model = await loadModel(url);
  const sizes = [3, ...model.inputs[0]!.shape.slice(1) as number[]];
  const backend = tf.getBackend() as BackendName;
  const extractor = new FeatureExtractor(model)
    .layers([model.layers.at(-1)!.name]).logits(false)
    .engine("tfjs", { backend });
  const x = tf.randomNormal(sizes, 0, 1, "float32", 7);
  const set = await extractor.predict(x);
  const { features } = await extractor.predictTensor(x);
  assertEquals(features[0]!.shape, [...set.features[0]!.shape]);
  assertAllClose(
    features[0]!.dataSync() as Float32Array,
    set.features[0]!.data as Float32Array,
  );
  tf.dispose([x, ...features]);
});
