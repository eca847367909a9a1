import { assert, assertEquals } from "@std/assert";
import { constantsOf, cutFile } from "../../../lib/engines/onnx/cut_file.ts";
import { readOnnx } from "../../../lib/formats/onnx_model.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import type { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

function callsOf(model: ModelGraph, names: readonly string[]) {
  return names.map((name) => {
    const { call } = model.findNode(name);
    return call.kind === "raw" ? call.onnx! : undefined!;
  });
}

Deno.test("cutFile() writes the operations as they stand, and only what they need", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const calls = callsOf(model, ["/MaxPool", "/conv2/Conv"]);
  const name = "/bn/BatchNormalization_output_0";
  const cut = cutFile(model.onnx!, {
    feeds: [{ name, type: 1, shape: [null, 4, 10, 10] }],
    calls,
    wanted: ["/conv2/Conv_output_0", name],
  });
  const file = readOnnx(bytesSource(cut.bytes, "the cut"));
  const graph = file.graph!;
  assertEquals([...file.opsets], [["", 17]]);
  assertEquals(graph.nodes.map(({ kind }) => kind), [
    "MaxPool",
    "Conv",
    "Identity",
  ]);
  assertEquals(graph.constants.map(({ name }) => name), [
    "conv2.weight",
    "conv2.bias",
  ]);
  assertEquals(graph.inputs.map(({ name }) => name), [name]);
  assertEquals(cut.outputs, ["/conv2/Conv_output_0", `${name}'`]);
  // Small weights stand inside, others beside, without copies in between.
  assertEquals(cut.externalData.length, 0);
  assertEquals([...constantsOf(model.onnx!, calls).keys()], [
    "conv2.weight",
    "conv2.bias",
  ]);
});

Deno.test("cutFile() keeps domains, leaves out functions that are replaced, and makes float16 inside", async () => {
  await using model = await openOnnxModel("opset26");
  const cut = cutFile(model.onnx!, {
    feeds: [{ name: "chosen", type: 10, shape: undefined }],
    calls: callsOf(model, ["squared/s", "squared/c"]),
    wanted: ["squared"],
  });
  const { graph, functions, opsets } = readOnnx(bytesSource(cut.bytes, "cut"));
  assertEquals(functions, []);
  assertEquals(opsets.get("com.microsoft"), 1);
  assertEquals(graph!.nodes.map(({ kind }) => kind), ["Cast", "Mul", "Add"]);
  assertEquals(graph!.inputs[0]!.type, 1);
  assert(cut.inputs[0] !== "chosen");
});

Deno.test("operations of one name run, and are written, under different ones", async () => {
  const relu = (x: string, y: string, name = "relu") => (
    { op: "Relu", name, in: [x], out: [y] }
  );
  const bytes = onnxBytes({
    nodes: [
      ...[relu("x", "a"), relu("a", "b"), relu("b", "c", "relu'")],
      relu("c", "y"),
    ],
  });
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers(["b", "y"]);
  const x = { data: Float32Array.of(-1, 2), shape: [1, 2] };
  const { features } = await extractor.predict(x, { progress: false });
  assertEquals([...features[1]!.data], [0, 2]);
  const { graph } = readOnnx(bytesSource(await extractor.toOnnx(), "part"));
  const names = graph!.nodes.map(({ name }) => name).filter((name) =>
    name !== ""
  );
  assertEquals(names, ["relu", "relu'", "relu''", "relu'''"]);
});
