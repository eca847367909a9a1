import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LayerNotFoundError, ModelFormatError } from "../../../lib/errors.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

Deno.test("onnxGraph() lists operations in order, without constants and inputs", async () => {
  await using model = await openOnnxModel("opset26");
  assertEquals(model.layers.map(({ index, name }) => `${index} ${name}`), [
    "0 relu",
    "1 loop",
    "2 if",
    "3 squared",
    "undefined squared/s",
    "undefined squared/c",
    "4 gelu",
    "5 split",
    "undefined right",
    "6 product",
    "7 head",
  ]);
  assertEquals(model.findLayer(-1).name, "head");
  assertEquals(model.findLayer("if").inbound, ["loop"]);
  assertEquals(model.findLayer("if").config, {
    then_branch: "graph of 1 operation",
    else_branch: "graph of 1 operation",
  });
  assertEquals(model.findLayer("gelu").kind, "Gelu");
});

Deno.test("onnxGraph() finds operations by what they give, a further output by itself", async () => {
  await using model = await openOnnxModel("torch_lstm");
  assertEquals(model.findLayer("/lstm/LSTM_output_0").name, "/lstm/LSTM");
  const second = model.findLayer("/lstm/LSTM_output_1");
  assertEquals(second.name, "/lstm/LSTM_output_1");
  assertEquals(second.kind, "LSTM, output 1");
  assertThrows(
    () => model.findLayer("/lstm/LSTM_output_9"),
    LayerNotFoundError,
    "/lstm/LSTM_output_1",
  );
});

Deno.test("onnxGraph() numbers the outputs of an operation with several", async () => {
  const bytes = onnxBytes({
    nodes: [
      { op: "TopK", name: "halves", in: ["x", "k"], out: ["a", "b"] },
      { op: "Neg", name: "minus", in: ["a"], out: ["y"] },
    ],
    constants: [{ name: "k", type: 7, shape: [1], ints: [1] }],
    outputs: [
      { name: "y", shape: ["N", 1] },
      { name: "b", type: 7, shape: ["N", 1] },
    ],
  });
  await using model = await loadModel(bytes);
  assertEquals(model.findLayer("halves[0]").name, "halves");
  assertEquals(model.findLayer("halves[1]").name, "b");
  assertThrows(() => model.findLayer("halves[2]"), LayerNotFoundError);
  assertThrows(() => model.findLayer("minus[0]"), LayerNotFoundError);
  // The names in the file, as ONNX Runtime has them.
  assertEquals(model.outputs.map(({ name }) => name), ["y", "b"]);
});

Deno.test("onnxGraph() gives an operation the first output that is not omitted", async () => {
  const one = { shape: [1, 1, 1], floats: [1] };
  const bytes = onnxBytes({
    nodes: [
      {
        op: "RNN",
        name: "rnn",
        in: ["x", "w", "r"],
        out: ["", "last"],
        attributes: { hidden_size: 1, activations: { strings: ["Relu"] } },
      },
      { op: "Squeeze", name: "flat", in: ["last", "axis"], out: ["y"] },
    ],
    constants: [
      { ...one, name: "w" },
      { ...one, name: "r" },
      { name: "axis", type: 7, shape: [1], ints: [0] },
    ],
    inputs: [{ name: "x", shape: [2, "batch", 1] }],
    outputs: [{ name: "y", shape: ["batch", 1] }],
  });
  await using model = await loadModel(bytes);
  assertEquals(model.layers.map(({ name }) => name), ["rnn", "flat"]);
  assertEquals(model.findLayer("last").name, "rnn");
  assertEquals(model.findLayer("rnn").outputs[0]?.shape, [1, null, 1]);
  // The sums of two time steps, of three samples.
  const x = { data: Float32Array.of(1, 2, 3, 10, 20, 30), shape: [2, 3, 1] };
  const extractor = new FeatureExtractor(model).logits(false);
  const set = await extractor.layers("flat").predict(x);
  assertEquals([...set.layer("flat").data], [11, 22, 33]);
});

Deno.test("onnxGraph() leaves out outputs that are constants", async () => {
  const constants = [{ name: "c", shape: [2], floats: [1, 2] }];
  const nodes = [{ op: "Neg", name: "minus", in: ["x"], out: ["y"] }];
  const [y, c] = [{ name: "y", shape: ["N", 2] }, { name: "c", shape: [2] }];
  await using model = await loadModel(
    onnxBytes({ nodes, constants, outputs: [y!, c!] }),
  );
  assertEquals(model.outputs.map(({ name }) => name), ["y"]);
  await assertRejects(
    () => loadModel(onnxBytes({ nodes, constants, outputs: [c!] })),
    ModelFormatError,
    "it must have outputs that are not constants: current value is 0",
  );
});

Deno.test("onnxGraph() names those that have no name of their own by what they give", async () => {
  const bytes = onnxBytes({
    nodes: [
      { op: "Relu", in: ["x"], out: ["a"] },
      { op: "Neg", name: "twin", in: ["a"], out: ["b"] },
      { op: "Abs", name: "twin", in: ["b"], out: ["c"] },
      { op: "Exp", name: "b", in: ["c"], out: ["y"] },
    ],
  });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const names = model.layers.map(({ name }) => name);
  assertEquals(names, ["a", "b:0", "c", "b"]);
  // An operation's name wins over a tensor's.
  assertEquals(model.findLayer("b").kind, "Exp");
});

Deno.test("onnxGraph() sorts operations that stand before what feeds them", async () => {
  const bytes = onnxBytes({
    nodes: [
      { op: "Neg", name: "last", in: ["a"], out: ["y"] },
      { op: "Relu", name: "first", in: ["x"], out: ["a"] },
    ],
  });
  await using model = modelGraphOf(await loadModel(bytes))!;
  assertEquals(model.layers.map(({ name }) => name), ["first", "last"]);
});

Deno.test("onnxGraph() knows where channels stand, and what a file says of shapes", async () => {
  await using model = await openOnnxModel("torch_cnn_fixed");
  assertEquals(model.findLayer("node_max_pool2d").outputs, [{
    name: "node_max_pool2d",
    shape: [4, 4, 5, 5],
    dtype: "float32",
    channels: "first",
  }]);
  assertEquals(model.findLayer("node_view").outputs[0]!.channels, undefined);
  await using other = await openOnnxModel("torch_cnn");
  assertEquals(other.findNode("/Relu").channels, "first");
  // Inferred: the file does not say it.
  assertEquals(other.findLayer("/Relu").outputs, [{
    name: "/Relu",
    shape: [null, 4, 10, 10],
    dtype: "float32",
    channels: "first",
  }]);
});

Deno.test("an operation without its first output is found by the first that it has", async () => {
  const zeros = (name: string, shape: number[]) => ({
    name,
    shape,
    floats: Array(shape.reduce((a, b) => a * b)).fill(0),
  });
  const bytes = onnxBytes({
    nodes: [{
      op: "GRU",
      name: "rnn",
      in: ["x", "w", "r"],
      out: ["", "last"],
      attributes: { "hidden_size": 2 },
    }],
    constants: [zeros("w", [1, 6, 3]), zeros("r", [1, 6, 2])],
    inputs: [{ name: "x", shape: [4, 1, 3] }],
    outputs: [{ name: "last", shape: [1, 1, 2] }],
  });
  await using model = await loadModel(bytes);
  assertEquals(model.layers.map(({ name }) => name), ["rnn"]);
  for (const name of ["rnn", "rnn[1]", "last"]) {
    assertEquals(model.findLayer(name).name, "rnn");
  }
  const extractor = new FeatureExtractor(model).layers(["rnn"]);
  assertEquals((await loadModel(await extractor.toOnnx())).outputs.length, 1);
});

Deno.test("onnxGraph() lists outputs whose sizes nothing tells", async () => {
  await using model = await loadModel(onnxBytes({
    nodes: [{ op: "NonZero", name: "it", in: ["x"], out: ["y"] }],
    outputs: [{ name: "y", type: 7 }],
  }));
  assertEquals(model.outputs, [{ name: "y", shape: [], dtype: "int64" }]);
});
