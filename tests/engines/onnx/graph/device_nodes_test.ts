import { assertEquals } from "@std/assert";
import {
  fastKinds,
  kindsOnCpu,
  nodesToKeep,
} from "../../../../lib/engines/onnx/graph/device_nodes.ts";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

Deno.test("kindsOnCpu() counts what WebGPU has no kernel for", () => {
  const kinds = ["Max", "Conv", "AveragePool", "Max", "Relu", "Shape", "QGemm"];
  assertEquals(kindsOnCpu(kinds, "webgpu"), [
    ...["AveragePool (1)", "Max (2)", "QGemm (1)"],
  ]);
  assertEquals(kindsOnCpu(kinds, "cuda"), undefined);
});

Deno.test("nodesToKeep() names transposed convolutions of three axes", () => {
  const graph = new OnnxGraph();
  const input = graph.input("x", "float32");
  const kernel = (rank: number) => {
    const shape = Array<number>(rank).fill(1);
    return graph.constant("float32", shape, Float32Array.of(1));
  };
  graph.node("ConvTranspose", [input, kernel(4)]);
  const kept = graph.node("ConvTranspose", [input, kernel(5)]);
  graph.node("Conv", [input, kernel(5)]);
  assertEquals(nodesToKeep(graph), [kept]);
  assertEquals(encodeModel(graph).onCpu, [kept]);
});

Deno.test("fastKinds() leaves out NaN checks and what is not wanted", () => {
  const graph = new OnnxGraph();
  const input = graph.input("x", "float32");
  const unchecked = graph.node("MaxPool", [input]);
  const indicator = graph.node("ReduceSum", [input]);
  const isNaN = graph.node("IsNaN", [indicator]);
  const checked = graph.node("Where", [isNaN, indicator, unchecked]);
  graph.nanChecks.push({ checked, unchecked, indicator });
  const wanted = graph.node("Relu", [checked]);
  graph.node("Max", [wanted]);
  assertEquals([...fastKinds(graph, [wanted])].sort(), ["MaxPool", "Relu"]);
});
