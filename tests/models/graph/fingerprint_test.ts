import type { RNN } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import {
  canonicalJson,
  fingerprintOf,
  structureOf,
  weightData,
} from "../../../lib/models/graph/fingerprint.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { kerasOf, modelOf, on } from "../../support/model_files.ts";
import { saveTo } from "../../support/save_model.ts";
import { called, dense } from "../../support/tf_models.ts";

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
  return modelGraphOf(fromLayersModel(of))!.fingerprint();
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
  assertEquals(await modelGraphOf(loaded)!.fingerprint(), await hash(model()));
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
  const graph = modelGraphOf(fromLayersModel(layers))!;
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

Deno.test("fingerprintOf() is the same from a file for all sorts of layers", async () => {
  const { layers } = tf;
  const x = tf.input({ shape: [8, 8, 3], name: "x" });
  const inner = tf.sequential({
    name: "inner",
    layers: [
      layers.separableConv2d({
        filters: 4,
        kernelSize: 3,
        inputShape: [8, 8, 3],
      }),
      layers.batchNormalization({ axis: -1 }),
      layers.leakyReLU({ alpha: 0.2 }),
    ],
  });
  const map = called(layers.maxPooling2d({ poolSize: 2 }), called(inner, x));
  const row = called(layers.reshape({ targetShape: [9, 4] }), map);
  const lstm = layers.lstm({ units: 3, returnSequences: true }) as RNN;
  const both = layers.bidirectional({ layer: lstm, mergeMode: "concat" });
  const each = layers.timeDistributed({ layer: layers.dense({ units: 2 }) });
  const end = called(layers.gru({ units: 2 }), called(each, called(both, row)));
  const of = tf.model({ inputs: x, outputs: called(layers.softmax(), end) });
  const folder = await Deno.makeTempDir();
  const before = await hash(of);
  await using loaded = await loadModel(await saveTo(of, folder));
  assertEquals(await modelGraphOf(loaded)!.fingerprint(), before);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("fingerprintOf() sees an activation that was changed on the layer itself", async () => {
  const layers = model();
  const graph = modelGraphOf(fromLayersModel(layers))!;
  const before = await graph.fingerprint();
  const [first, second] = layers.layers as unknown as { activation: unknown }[];
  first!.activation = second!.activation;
  assertNotEquals(await graph.fingerprint(), before);
});

/** An operation on a placeholder, with constants at some places. */
function operation(
  name: string,
  constants: Readonly<Record<number, tf.Tensor>>,
  config: Record<string, unknown> = {},
): GraphNode {
  const entries = Object.entries(constants).map(([position, tensor]) =>
    [Number(position), () => tensor] as const
  );
  return {
    id: 0,
    isListed: true,
    inputs: [],
    call: { kind: "raw", constants: new Map(entries) },
    weights: () => [],
    row: {
      name,
      kind: "Sub",
      config,
      outputs: [],
      numParameters: 0,
      inbound: [],
    },
  };
}

Deno.test("fingerprintOf() tells apart which constant an operation takes, and where", async () => {
  const [a, b] = [tf.scalar(1), tf.scalar(2)];
  const first = operation("first", { 0: a, 1: b });
  const cases = [
    [first, operation("second", { 0: a })],
    [first, operation("second", { 0: b })],
    [first, operation("second", { 1: a })],
    [first, operation("second", { 0: a }, { dtype: "int32" })],
  ];
  const hashes = await Promise.all(
    cases.map((nodes) => fingerprintOf(structureOf(nodes, [], []))),
  );
  assertEquals(new Set(hashes).size, cases.length);
  tf.dispose([a, b]);
});

Deno.test("structureOf() lists a weight that stands twice once", () => {
  const a = tf.scalar(1);
  const nodes = [
    operation("first", { 0: a, 1: a }),
    operation("second", { 1: a }),
  ];
  assertEquals(structureOf(nodes, [], []).weights, [a]);
  a.dispose();
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

Deno.test("weightData() changes where a weight is set, and nowhere else", () => {
  const net = model();
  const { listed } = modelGraphOf(fromLayersModel(net))!;
  const before = weightData(listed);
  assertEquals(before.length, 4);
  assertEquals(weightData(listed).map((data, i) => data === before[i]), [
    ...[true, true, true, true],
  ]);
  const [kernel, bias] = net.layers[1]!.getWeights();
  const twice = tf.mul(kernel!, 2);
  net.layers[1]!.setWeights([twice, bias!]);
  const after = weightData(listed);
  assertEquals(after.slice(0, 2).map((data, i) => data === before[i]), [
    ...[true, true],
  ]);
  assertNotEquals(after[2] === before[2], true);
  twice.dispose();
  net.dispose();
});

Deno.test("fingerprintOf() tells casts to other element types apart", async () => {
  const hashes = await Promise.all(
    ["float32", "int32", "bool"].map(async (dtype) => {
      const cast = {
        module: "keras.src.ops.core",
        "class_name": "Cast",
        name: "cast",
        config: { name: "cast", dtype },
        "inbound_nodes": on("x"),
      };
      await using model = await loadModel(kerasOf(modelOf(cast)));
      return await modelGraphOf(model)!.fingerprint();
    }),
  );
  assertEquals(new Set(hashes).size, 3);
});
