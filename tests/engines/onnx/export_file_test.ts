import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { exportFile } from "../../../lib/engines/onnx/export_file.ts";
import { OnnxGraph } from "../../../lib/engines/onnx/graph/onnx_graph.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";

Deno.test("exportFile() writes operations with what follows them, under other names", async () => {
  const bytes = onnxBytes({
    nodes: [{ op: "Mul", in: ["x", "w"], out: ["a"] }],
    constants: [{ name: "w", shape: [2], floats: [2, 3] }],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "a", shape: ["N", 2] }],
  });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const { call } = model.findNode("a");
  const graph = new OnnxGraph();
  graph.setScope("after");
  const added = graph.node("Add", ["a", graph.scalar("float32", 1)]);
  const port = (name: string, tensor: string) => ({
    name,
    tensor,
    type: 1,
    shape: ["N", 2],
  });
  const written = exportFile(model.onnx!, {
    feeds: [port("image", "x")],
    calls: call.kind === "raw" ? [call.onnx!] : [],
    graph,
    outputs: [port("plain", "a"), port("more", added)],
    metadata: { key: "value of a key" },
  });
  await using again = await loadModel(written);
  assertEquals(again.inputs.map(({ name }) => name), ["image"]);
  const x = {
    data: Float32Array.of(1, 10),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const set = await new FeatureExtractor(again).layers(["plain", "more"])
    .predict(x);
  assertEquals(set.features.map(({ data }) => [...data]), [[2, 30], [3, 31]]);
  assertEquals(
    new TextDecoder().decode(written).includes("value of a key"),
    true,
  );
});
