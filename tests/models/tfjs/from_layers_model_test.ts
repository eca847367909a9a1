import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { origin } from "../../../lib/models/graph/graph.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";
import {
  branched,
  called,
  chain,
  dense,
  nested,
  shared,
} from "../../support/tf_models.ts";

await tf.setBackend("cpu");

function graph(model: tf.LayersModel): ModelGraph {
  return modelGraphOf(fromLayersModel(model))!;
}

function rows(model: tf.LayersModel): [number | undefined, string][] {
  return graph(model).layers.map(({ index, name }) => [index, name]);
}

Deno.test("fromLayersModel() counts a Sequential's layers without its input", () => {
  const explicit = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [3], name: "in" }),
      dense("a", 4),
      dense("b", 2),
    ],
  });
  for (const model of [chain(), explicit]) {
    assertEquals(rows(model), [[0, "a"], [1, "b"]]);
    assertEquals(graph(model).findLayer(-1).name, "b");
  }
  assertEquals(graph(explicit).inputs.map(({ name }) => name), ["in"]);
});

Deno.test("fromLayersModel() counts a functional model's input as 0", () => {
  const model = graph(branched());
  assertEquals(model.findLayer(0).name, "x");
  assertEquals(model.findLayer(-1).name, "head");
  assertEquals(model.findLayer("sum").inbound, ["left", "right"]);
});

Deno.test("fromLayersModel() lists nested models with what is in them below", () => {
  assertEquals(rows(nested()).map(([, name]) => name), [
    "z",
    "outer",
    "outer/outer_in",
    "outer/inner",
    "outer/inner/inner_in",
    "outer/inner/deep",
    "outer/after",
    "head",
  ]);
  const model = graph(nested());
  assertEquals(model.layers.map(({ index }) => index), [
    0,
    1,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    2,
  ]);
});

Deno.test("fromLayersModel() says for a nested row what comes out of it", () => {
  const model = graph(nested());
  const outer = model.findNode("outer");
  assertEquals(outer.row.outputs[0]!.shape, [null, 3]);
  assertEquals(origin({ node: outer, index: 0 }).node.row.name, "outer/after");
  assertEquals(outer.row.numParameters, 24);
  const deep = model.findNode("outer/inner/deep");
  assertEquals(origin(deep.inputs[0]!).node.row.name, "z");
});

Deno.test("fromLayersModel() enters Sequentials in Sequentials, also as the first layer", () => {
  const first = tf.sequential({
    name: "outer",
    layers: [chain("inner"), dense("head", 1)],
  });
  const second = tf.sequential({
    name: "outer",
    layers: [
      dense("stem", 3, { inputShape: [5] }),
      chain("inner"),
      dense("head", 1),
    ],
  });
  const inside = ["inner", "inner/a", "inner/b"];
  assertEquals(rows(first).map(([, name]) => name), [...inside, "head"]);
  assertEquals(rows(second).map(([, name]) => name), [
    "stem",
    ...inside,
    "head",
  ]);
  const a = graph(second).findNode("inner/a");
  assertEquals(origin(a.inputs[0]!).node.row.name, "stem");
});

Deno.test("fromLayersModel() names the second call of a nested model, and what is in it", () => {
  const inner = tf.sequential({
    name: "inner",
    layers: [dense("a", 3, { inputShape: [3] })],
  });
  const x = tf.input({ shape: [3], name: "x" });
  const model = tf.model({
    inputs: x,
    outputs: called(inner, called(inner, x)),
  });
  assertEquals(rows(model), [
    [0, "x"],
    [1, "inner"],
    [undefined, "inner/a"],
    [undefined, "inner:1"],
    [undefined, "inner:1/a"],
  ]);
  const second = graph(model).findNode("inner:1/a");
  assertEquals(origin(second.inputs[0]!).node.row.name, "inner/a");
});

Deno.test("fromLayersModel() names the second call of a shared layer", () => {
  assertEquals(rows(shared()), [[0, "x"], [1, "twice"], [
    undefined,
    "twice:1",
  ]]);
  assertEquals(graph(shared()).findLayer("twice:1").inbound, ["twice"]);
});

Deno.test("fromLayersModel() takes only the calls of this model", () => {
  const model = branched();
  const left = model.getLayer("left");
  const other = tf.input({ shape: [3], name: "other" });
  tf.model({ inputs: other, outputs: called(left, other) });
  assertEquals(rows(model).map(([, name]) => name), [
    "x",
    "left",
    "right",
    "sum",
    "head",
  ]);
});

Deno.test("fromLayersModel() takes a model cut from another by tf.model", () => {
  const model = branched();
  const cut = tf.model({
    inputs: model.inputs,
    outputs: model.getLayer("sum").output as tf.SymbolicTensor,
  });
  assertEquals(rows(cut).map(([, name]) => name), [
    "x",
    "left",
    "right",
    "sum",
  ]);
});

Deno.test("fromLayersModel() keeps several inputs and outputs in their order", () => {
  const a = tf.input({ shape: [3], name: "a" });
  const b = tf.input({ shape: [4], name: "b" });
  const both = called(tf.layers.concatenate({ name: "both" }), [b, a]);
  const model = graph(tf.model({
    inputs: [a, b],
    outputs: [called(dense("left", 1), both), called(dense("right", 2), both)],
  }));
  assertEquals(model.inputs.map(({ name, shape }) => [name, shape]), [
    ["a", [null, 3]],
    ["b", [null, 4]],
  ]);
  assertEquals(model.outputs.map(({ name }) => name), ["left", "right"]);
  assertEquals(model.findLayer("both").inbound, ["b", "a"]);
});

Deno.test("fromLayersModel() gives each output of a layer its spec", () => {
  const x = tf.input({ shape: [5, 3], name: "x" });
  const lstm = tf.layers.lstm({
    name: "lstm",
    units: 2,
    returnState: true,
    returnSequences: true,
  });
  const outputs = lstm.apply(x) as tf.SymbolicTensor[];
  const row = graph(tf.model({ inputs: x, outputs })).findLayer("lstm");
  assertEquals(row.outputs.map(({ shape }) => shape), [
    [null, 5, 2],
    [null, 2],
    [null, 2],
  ]);
  assertEquals(row.outputs[0]!.channels, "last");
});

Deno.test("fromLayersModel() finds a chain's own calls beside those of others", () => {
  const model = tf.sequential({ layers: [dense("a", 4, { inputShape: [3] })] });
  const end = model.outputs[0]!;
  const b = dense("b", 2);
  called(b, end); // a call that is not the chain's
  model.add(b);
  model.add(dense("c", 2));
  called(b, end);
  assertEquals(rows(model).map(([, name]) => name), ["a", "b", "c"]);
});

Deno.test("fromLayersModel() names a layer that a chain holds twice", () => {
  const a = dense("a", 3, { inputShape: [3] });
  const model = tf.sequential({ layers: [a] });
  model.add(a);
  assertEquals(rows(model).map(([, name]) => name), ["a", "a:1"]);
});

Deno.test("fromLayersModel() builds no Sequential that the caller has not built", () => {
  const inner = chain("inner");
  const model = tf.sequential({ layers: [inner, dense("head", 1)] });
  const opened = graph(model);
  assertEquals(opened.findLayer("inner").numParameters, 26);
  assertEquals([inner.built, model.built], [false, false]);
});

Deno.test("fromLayersModel() gives weights of a layer called twice inside once", async () => {
  const x = tf.input({ shape: [3], name: "x" });
  const twice = dense("twice", 3);
  const inner = tf.model({
    inputs: x,
    outputs: called(twice, called(twice, x)),
    name: "inner",
  });
  const model = graph(tf.sequential({ layers: [inner, dense("head", 1)] }));
  assertEquals(Object.keys(await model.getWeights("inner")), [
    "twice/kernel",
    "twice/bias",
  ]);
  assertEquals(model.findLayer("inner").numParameters, 12);
  assertEquals(model.numParameters, 16);
});

Deno.test("fromLayersModel() leaves the model as it was", () => {
  const model = nested();
  const layers = [...model.layers];
  const before = tf.memory().numTensors;
  const calls = () =>
    layers.map((
      layer,
    ) => [layer.inboundNodes.length, layer.outboundNodes.length]);
  const counted = calls();
  const x = tf.tensor2d([[0.1, -0.2, 0.3]]);
  const outputOf = () => {
    const y = model.predict(x) as tf.Tensor;
    const data = [...y.dataSync()];
    y.dispose();
    return data;
  };
  const expected = outputOf();
  const opened = graph(model);
  opened.close();
  assertEquals(calls(), counted);
  assertEquals(outputOf(), expected);
  x.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("fromLayersModel() freezes what it shows", () => {
  const model = graph(chain());
  assert(Object.isFrozen(model.layers));
  for (const row of model.layers) {
    assert(Object.isFrozen(row) && Object.isFrozen(row.config));
    assert(
      Object.isFrozen(row.outputs) && Object.isFrozen(row.outputs[0]!.shape),
    );
  }
});

Deno.test("fromLayersModel() refuses what is no model of layers", () => {
  for (const wrong of [undefined, null, {}, 3, tf.layers.dense({ units: 1 })]) {
    assertThrows(
      () => fromLayersModel(wrong as never),
      TypeError,
      "must be a tf.LayersModel",
    );
  }
});

Deno.test("fromLayersModel() refuses a model that is empty or unbuilt", () => {
  assertThrows(
    () => fromLayersModel(tf.sequential()),
    TypeError,
    "must have layers",
  );
  // TF.js itself refuses a first layer without a shape; a model emptied later is left.
  const model = chain();
  const unbuilt = Object.assign(Object.create(model), { inputs: [] });
  assertThrows(
    () => fromLayersModel(unbuilt),
    TypeError,
    "give its first layer an inputShape",
  );
});

Deno.test("fromLayersModel() refuses a model that is disposed of, and says why that happens", () => {
  const model = chain();
  model.dispose();
  assertThrows(
    () => fromLayersModel(model),
    TypeError,
    `Cannot open model as "chain" must hold its weights: current value is "disposed"`,
  );
});
