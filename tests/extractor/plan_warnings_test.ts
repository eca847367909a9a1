import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { functional, input, type Json, layer } from "../support/keras_spec.ts";
import { kerasOf, modelOf, on } from "../support/model_files.ts";
import { type Graph, type Node, onnxBytes } from "../support/onnx_bytes.ts";

/** The warnings of a plan for the last layer of a model in `tests/data`. */
async function warningsOf(path: string): Promise<readonly string[]> {
  const url = new URL(`../data/${path}`, import.meta.url);
  await using model = await loadModel(url);
  const extractor = new FeatureExtractor(model).layers([-1]).logits(false);
  return (await extractor.plan()).warnings;
}

Deno.test("plan() warns of operations that quantise by the range of a batch", async () => {
  assertEquals(await warningsOf("faults/dynamic_quantisation/model.onnx"), [
    'results depend on .batch(): "quantise" quantises by the range of a whole batch; use .batch(1) for results that do not',
  ]);
});

Deno.test("plan() warns of layers that pad to the longest string of a batch", async () => {
  assertEquals(await warningsOf("text_layers/k3_default.keras"), [
    'results depend on .batch(): the length of "text" is that of the longest string of a batch, and what does not mask the padding sees it; use .batch(1), or save the layer with output_sequence_length',
  ]);
  assertEquals(await warningsOf("text_layers/k3_length.keras"), []);
});

Deno.test("plan() warns of such operations in subgraphs and functions, and of those that train", async () => {
  const quantise = {
    op: "DynamicQuantizeLinear",
    in: ["x"],
    out: ["q", "s", "z"],
  };
  const whole = { op: "DequantizeLinear", in: ["q", "s", "z"], out: ["d"] };
  const branch = (name: string, nodes: Graph["nodes"]): Graph => ({
    nodes: nodes!,
    outputs: [{ name }],
  });
  const choose: Node = {
    op: "If",
    name: "choose",
    in: ["c"],
    out: ["e"],
    attributes: {
      then_branch: { graph: branch("d", [quantise, whole]) },
      else_branch: {
        graph: branch("f", [{ op: "Identity", in: ["x"], out: ["f"] }]),
      },
    },
  };
  const called: Node = {
    op: "Rounded",
    name: "called",
    domain: "own",
    in: ["e"],
    out: ["g"],
  };
  const norm: Node = {
    op: "BatchNormalization",
    name: "norm",
    in: ["g", "one", "zero", "zero", "one"],
    out: ["y", "m", "v"],
    attributes: { training_mode: 1 },
  };
  await using model = await loadModel(onnxBytes({
    nodes: [choose, called, norm],
    constants: [
      { name: "c", type: 9, shape: [], ints: [1], intsField: 5 },
      { name: "one", shape: [2], floats: [1, 1] },
      { name: "zero", shape: [2], floats: [0, 0] },
    ],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "y", shape: ["N", 2] }],
    opsets: { "": 17, own: 1 },
    functions: [{
      name: "Rounded",
      domain: "own",
      nodes: [
        { ...quantise, in: ["a"] },
        { ...whole, out: ["b"] },
      ],
      inputs: ["a"],
      outputs: ["b"],
    }],
  }));
  const extractor = new FeatureExtractor(model).layers("norm").logits(false);
  assertEquals((await extractor.plan()).warnings, [
    'results depend on .batch(): "choose", "called/q" quantise by the range of a whole batch; use .batch(1) for results that do not',
    'results depend on .batch(): "norm" normalises by the mean and variance of a whole batch, as in training',
  ]);
});

Deno.test("plan() warns of operations that draw random numbers", async () => {
  const warned = async (trains: number) => {
    await using model = await loadModel(onnxBytes({
      nodes: [
        { op: "RandomNormalLike", name: "noise", in: ["x"], out: ["n"] },
        { op: "Add", in: ["x", "n"], out: ["s"] },
        { op: "Dropout", name: "drop", in: ["s", "r", "t"], out: ["y"] },
      ],
      constants: [
        { name: "r", shape: [], floats: [0.5] },
        { name: "t", type: 9, shape: [], raw: Uint8Array.of(trains) },
      ],
    }));
    const extractor = new FeatureExtractor(model).layers("y").logits(false);
    return (await extractor.plan()).warnings;
  };
  assertEquals(await warned(0), [
    'results depend on chance: "noise" draws random numbers',
  ]);
  assertEquals(await warned(1), [
    'results depend on chance: "noise", "drop" draw random numbers',
  ]);
});

Deno.test("plan() warns of classes of models whose call is not in the file", async () => {
  const json = modelOf(layer("r", "ReLU", {}, on("x")));
  const warned = async (config: Json) => {
    await using model = await loadModel(kerasOf(config));
    const extractor = new FeatureExtractor(model).layers([-1]).logits(false);
    const x = { data: Float32Array.of(-1, 2), shape: [1, 2] };
    const set = await extractor.predict(x, { progress: false });
    assertEquals([...set.features[0]!.data], [0, 2]);
    return (await extractor.plan()).warnings;
  };
  assertEquals(await warned(json), []);
  const line =
    'the model is of the class "Mine": its layers are computed, and a call() of its own is not in the file';
  assertEquals(await warned({ ...json, "class_name": "Mine" }), [line]);
  const ends = (name: string, index: number) => [[name, index, 0]];
  const nested = { ...json, "class_name": "Mine", "inbound_nodes": on("x") };
  const layers = [input("x", [2]), nested];
  const outer = functional("outer", layers, ends("x", 0), ends("m", 1));
  assertEquals(await warned(outer), [line]);
  // A subclass of Sequential lists its layers without calls.
  const { inbound_nodes: _calls, ...relu } = layer("r", "ReLU", {}, []);
  const chain = {
    "class_name": "Mine",
    config: { name: "m", layers: [input("x", [2]), relu] },
  };
  const { inbound_nodes: _none, ...first } = chain.config.layers[0]!;
  chain.config.layers[0] = first;
  assertEquals(await warned(chain), [line]);
});

Deno.test("plan() warns of indices of a pooling, which count over the samples of a batch", async () => {
  await using model = await loadModel(onnxBytes({
    nodes: [{
      op: "MaxPool",
      name: "pool",
      in: ["x"],
      out: ["y", "at"],
      attributes: { kernel_shape: [2] },
    }],
    inputs: [{ name: "x", shape: ["N", 1, 2] }],
    outputs: [{ name: "y", shape: ["N", 1, 1] }],
  }));
  const extractor = new FeatureExtractor(model).logits(false);
  const indices = extractor.layers("pool[1]");
  assertEquals((await indices.plan()).warnings, [
    'results depend on .batch(): the indices of "pool" count over all samples of a batch',
  ]);
  assertEquals((await extractor.layers("pool").plan()).warnings, []);
  const x = { data: Float32Array.of(1, 2, 4, 3), shape: [2, 1, 2] };
  const [both, single] = [
    await indices.predict(x),
    await indices.batch(1).predict(x),
  ];
  assertEquals([...both.features[0]!.data], [1, 2]);
  assertEquals([...single.features[0]!.data], [1, 0]);
});
