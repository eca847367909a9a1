/**
 * The ancestor's own four tests of its Keras extractor on our names, and one
 * test for each fault that it has, so that we do not come by the same ones.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  FeatureExtractor,
  KerasFeatureExtractor,
  LayerNotFoundError,
  loadModel,
  type NdArray,
  pool,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { ancestor } from "../support/ancestor_cases.ts";
import { convnet, first, keras, rows, uniform } from "./_convnet.ts";
import { assertRowsClose } from "../support/rows_close.ts";

const QUIET = { progress: false } as const;

// ---- the ancestor's four tests ----

Deno.test("predict() returns the model's output from a cut input as from the whole", async () => {
  using scope = convnet();
  const { model } = scope;
  const x = uniform([100, 32, 32, 3], 1);
  const whole = model.predict(tf.tensor(x.data, [...x.shape])) as tf.Tensor;
  const expected = { data: await whole.data<"float32">(), shape: [100, 10] };

  const middle = await keras(model, [-3]).predict(x, QUIET);
  const last = await keras(model, [-1]).predict(x, QUIET);
  const cut = await new KerasFeatureExtractor(model, {
    featureLayersId: [-1],
    inputLayerId: -2,
  }).predict(middle.features[0] as NdArray, QUIET);
  assertAllClose(first(last), expected, { rtol: 0, atol: 1e-5 });
  assertAllClose(first(cut), expected, { rtol: 0, atol: 1e-5 });
});

Deno.test("getWeights() returns kernel and bias with the shapes of Keras", async () => {
  using scope = convnet();
  const weights = await keras(scope.model, [-1]).getWeights(-1);
  const shapes = Object.values(weights).map(({ shape }) => shape);
  assertEquals(shapes, [[900, 10], [10]]);
});

Deno.test("predict() takes integer, one-hot and no labels, batched or not", async () => {
  using scope = convnet();
  const extractor = keras(scope.model, [-3]);
  const x = uniform([100, 32, 32, 3], 2);
  const classes = Int32Array.from({ length: 100 }, (_, i) => i % 10);
  const onehot = Float32Array.from(
    { length: 1000 },
    (_, i) => i % 10 === classes[Math.floor(i / 10)]! ? 1 : 0,
  );
  const hot = { data: onehot, shape: [100, 10], dtype: "float32" } as const;

  const forms = [[x, classes], [x, hot]] as const;
  for (const form of forms) {
    const found = await extractor.batch(50).predict(form, QUIET);
    assertEquals(found.features[0]!.shape, [100, 15, 15, 4]);
    assertEquals(found.logits!.shape, [100, 10]);
    assertEquals(found.labels!.data, classes);
  }
  const batches = [rows(x, 0, 50), rows(x, 50, 100)].map((xs, i) => ({
    xs,
    ys: classes.subarray(50 * i, 50 * i + 50),
  }));
  const found = await extractor.predict(batches[Symbol.iterator](), QUIET);
  assertEquals(found.labels!.data, classes);
  const single = await extractor.predict([
    rows(x, 0, 50),
    classes.subarray(0, 50),
  ], QUIET);
  assertEquals(single.features[0]!.shape, [50, 15, 15, 4]);
  assertEquals(single.labels!.data, classes.slice(0, 50));
  const bare = await extractor.predict(rows(x, 0, 50), QUIET);
  assertEquals(bare.features[0]!.shape, [50, 15, 15, 4]);
  assertEquals(bare.labels, undefined);
});

Deno.test("predict() takes one postprocessing for each layer", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 4,
        kernelSize: 2,
        activation: "relu",
        inputShape: [3, 32, 32],
        name: "conv2d",
      }),
      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({ units: 10 }),
    ],
  });
  const x = uniform([100, 3, 32, 32], 3);
  const { features } = await keras(model, ["conv2d", "flatten"]).predict(x, {
    ...QUIET,
    postprocFns: [pool("mean"), (feature) => feature.clone()],
  });
  assertEquals(features.map(({ shape }) => shape), [[100, 4], [100, 248]]);
  model.dispose();
});

// ---- its faults ----

Deno.test("KerasFeatureExtractor() keeps its defaults when a penultimate is requested (1)", async () => {
  using scope = convnet();
  const { model } = scope;
  const requested = new KerasFeatureExtractor(model, {
    returnPenultimate: true,
  });
  const next = new KerasFeatureExtractor(model);
  const x = uniform([2, 32, 32, 3], 12);
  assertEquals((await requested.predict(x, QUIET)).layerNames, ["dense"]);
  const found = await next.predict(x, QUIET);
  assertEquals(found.layerNames, ["dense"]);
  assertEquals(found.penultimate, undefined);
});

Deno.test("KerasFeatureExtractor() leaves the caller's list as it was (2)", async () => {
  using scope = convnet();
  const featureLayersId = ["flatten"];
  const extractor = new KerasFeatureExtractor(scope.model, {
    featureLayersId,
    returnPenultimate: true,
  });
  assertEquals(featureLayersId, ["flatten"]);
  const found = await extractor.predict(uniform([2, 32, 32, 3], 4), QUIET);
  assertEquals(found.layerNames, ["flatten"]);
  assertEquals(found.penultimate!.shape, [2, 900]);
});

Deno.test("penultimate is what feeds the head in the graph (3)", async () => {
  const { model: path, array } = ancestor("branched");
  await using model = await loadModel(path);
  const byName = new FeatureExtractor(model).head("left_dense").penultimate();
  const { penultimate } = await byName.predict(array("x"), QUIET);
  const fed = await new FeatureExtractor(model).layers("left_flat").predict(
    array("x"),
    QUIET,
  );
  assertEquals(penultimate!.data, first(fed).data);

  // The first layer as the head: its penultimate is the input, not the last layer's.
  const one = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [4], name: "only" })],
  });
  const x = uniform([2, 4], 5);
  const found = await new FeatureExtractor(one).head(0).penultimate()
    .predict(x, QUIET);
  assertEquals(found.penultimate!.data, x.data);
  one.dispose();
});

Deno.test("FeatureExtractor leaves the user's model as it was, and serves several at once (4)", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 6, activation: "relu", inputShape: [4] }),
      tf.layers.dense({ units: 5, activation: "relu", name: "middle" }),
      tf.layers.dense({ units: 3, activation: "softmax", name: "head" }),
    ],
  });
  const x = uniform([8, 4], 6);
  const input = tf.tensor(x.data, [8, 4]);
  const run = () => Array.from((model.predict(input) as tf.Tensor).dataSync());
  const before = run();
  const json = model.toJSON(null, false);
  const head = model.getLayer("head");
  const { inboundNodes } = head;
  const numNodes = inboundNodes.length;

  const whole = keras(model, [-1]);
  const cut = new KerasFeatureExtractor(model, {
    featureLayersId: ["middle"],
    inputLayerId: "middle",
    reactThreshold: 0.5,
  });
  const inner = await new FeatureExtractor(model).layers(0).predict(x, QUIET);
  const plain = await whole.predict(x, QUIET);
  await cut.predict(first(inner), QUIET);
  const again = await whole.ash(0.5).predict(x, QUIET);
  const later = await keras(model, [-1]).predict(x, QUIET);

  assertEquals(later.logits!.data, plain.logits!.data);
  assertEquals(first(again).data, first(plain).data);
  assertEquals(run(), before);
  assertEquals(model.toJSON(null, false), json);
  assertEquals(head.inboundNodes.length, numNodes);
  input.dispose();
  model.dispose();
});

for (const name of ["mlp", "activation_layer", "softmax_layer", "nested"]) {
  Deno.test(`logits are taken before the softmax of "${name}" (5)`, async () => {
    const { model: path, array, record } = ancestor(name);
    await using model = await loadModel(path);
    const extractor = new KerasFeatureExtractor(model, {
      featureLayersId: [-1],
    });
    const found = await extractor.predict(array("x"), QUIET);
    const plain = record.cases.find((item) => item.name === "plain");
    assertRowsClose(found.logits!, array(plain!.expected.logits!), 1e-5);
    // The feature stays what the layer outputs: rows that sum to 1.
    const { data, shape } = first(found);
    const width = shape[1]!;
    for (let row = 0; row < shape[0]!; row++) {
      const values = data.subarray(row * width, (row + 1) * width);
      assertAllClose([values.reduce((sum, p) => sum + p, 0)], [1]);
    }
  });
}

Deno.test("layers() reaches each call of a shared layer, inner layers and several inputs (6)", async () => {
  const shared = tf.layers.dense({ units: 3, name: "shared" });
  const inner = tf.sequential({
    name: "inner",
    layers: [tf.layers.dense({ units: 2, inputShape: [6], name: "deep" })],
  });
  const inputs = ["a", "b"].map((name) => tf.input({ shape: [2], name }));
  const calls = inputs.map((x) => shared.apply(x) as tf.SymbolicTensor);
  const joined = tf.layers.concatenate({ name: "joined" }).apply(calls);
  const model = tf.model({
    inputs,
    outputs: inner.apply(joined) as tf.SymbolicTensor,
  });
  const [a, b] = [uniform([4, 2], 7), uniform([4, 2], 8)];
  const found = await new FeatureExtractor(model).layers([
    "shared",
    "shared:1",
    "inner/deep",
  ]).predict([a, b], QUIET);
  const [kernel, bias] = shared.getWeights().map((w) => w.arraySync());
  const by = (x: NdArray) =>
    Array.from({ length: 12 }, (_, i) => {
      const [row, unit] = [Math.floor(i / 3), i % 3];
      const k = kernel as number[][];
      return x.data[2 * row]! * k[0]![unit]! +
        x.data[2 * row + 1]! * k[1]![unit]! + (bias as number[])[unit]!;
    });
  assertAllClose(first(found).data, by(a), { atol: 1e-6 });
  assertAllClose(found.layer("shared:1").data as Float32Array, by(b), {
    atol: 1e-6,
  });
  assertEquals(found.layer("inner/deep").shape, [4, 2]);
  model.dispose();
});

Deno.test("ash() and scale() leave a row alone in which nothing exceeds the percentile (7)", async () => {
  const { model: path, array } = ancestor("dead_relu");
  await using model = await loadModel(path);
  const plain = new FeatureExtractor(model);
  const zeros = { ...array("x"), data: new Float32Array(24).fill(-1) };
  const expected = (await plain.predict(zeros, QUIET)).logits!;
  for (const shaped of [plain.ash(0.9), plain.scale(0.9)]) {
    const { logits } = await shaped.predict(zeros, QUIET);
    assertEquals(logits!.data, expected.data);
  }
});

Deno.test("ash() and scale() refuse a penultimate that is a map (7)", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3, 2] }),
      tf.layers.dense({ units: 2, name: "head" }),
    ],
  });
  const extractor = new FeatureExtractor(model).head("head");
  assertThrows(() => extractor.ash(0.5), TypeError, "[N, D]");
  assertThrows(() => extractor.scale(0.5), TypeError, "[N, D]");
  model.dispose();
});

Deno.test("predict() cuts arrays into batches, and takes records and generators (8)", async () => {
  using scope = convnet();
  const x = uniform([7, 32, 32, 3], 9);
  const extractor = new FeatureExtractor(scope.model).layers("flatten").batch(
    3,
  );
  const seen: number[] = [];
  const whole = await extractor.predict(x, {
    ...QUIET,
    onProgress: ({ samples }) => seen.push(samples),
  });
  assertEquals(seen, [3, 6, 7]);
  const wanted = first(whole).data;
  const record = await extractor.predict({ xs: x }, QUIET);
  assertEquals(first(record).data, wanted);
  async function* batches() {
    await Promise.resolve();
    for (const start of [0, 3, 6]) yield rows(x, start, Math.min(start + 3, 7));
  }
  const streamed = await extractor.predict(batches(), QUIET);
  assertEquals(first(streamed).data, wanted);
  assertStrictEquals(streamed.labels, undefined);
});

Deno.test("predict() refuses labels that are no classes (8)", async () => {
  using scope = convnet();
  const extractor = new FeatureExtractor(scope.model);
  const x = uniform([2, 32, 32, 3], 10);
  const multiHot = {
    data: Float32Array.of(1, 1, 0, 1),
    shape: [2, 2],
    dtype: "float32",
  } as const;
  const map = {
    data: new Float32Array(8),
    shape: [2, 2, 2],
    dtype: "float32",
  } as const;
  await assertRejects(
    () => extractor.predict([x, multiHot], QUIET),
    Error,
    "label",
  );
  await assertRejects(() => extractor.predict([x, map], QUIET), Error, "label");
});

Deno.test("predict() refuses fewer or more postprocessings than layers (9)", async () => {
  using scope = convnet();
  const extractor = keras(scope.model, ["conv2d", "flatten"]);
  const x = uniform([2, 32, 32, 3], 11);
  for (const postprocFns of [[pool("mean")], [null, null, null]]) {
    await assertRejects(
      () => extractor.predict(x, { ...QUIET, postprocFns }),
      Error,
      "postproc",
    );
  }
});

Deno.test("findLayer() names the nearest layers, and the range of indices (11)", () => {
  using scope = convnet();
  const { model } = scope;
  const wrong = assertThrows(
    () => KerasFeatureExtractor.findLayer(model, "flaten"),
    LayerNotFoundError,
  );
  assertEquals(wrong.nearest[0], "flatten");
  for (const index of [5, -6]) {
    const error = assertThrows(
      () => KerasFeatureExtractor.findLayer(model, index),
      LayerNotFoundError,
    );
    assert(error.message.includes(String(index)), error.message);
  }
  assertThrows(() => KerasFeatureExtractor.findLayer(model, 1.5), Error);
  const { name } = KerasFeatureExtractor.findLayer(model, "dense", {
    indexOffset: -1,
  });
  assertEquals(name, "flatten");
});

// ---- what the tests share ----
