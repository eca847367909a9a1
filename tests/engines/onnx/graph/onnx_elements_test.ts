import { assertEquals } from "@std/assert";
import { OnnxElements } from "../../../../lib/engines/onnx/graph/onnx_elements.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

const operators = ({ nodes }: OnnxGraph) =>
  nodes.map(({ operator }) => operator);

Deno.test("OnnxElements records clipping in the words that convolutions are joined with", () => {
  const graph = new OnnxGraph();
  const ops = new OnnxElements(graph);
  const x = { name: "x", shape: [null, 2], dtype: "float32" } as const;
  const relu = ops.maximum(x, ops.constant(0));
  ops.minimum(relu, ops.constant(6));
  ops.maximum(x, ops.constant(-0.5));
  assertEquals(operators(graph), ["Relu", "Clip", "Clip"]);
  const bounds = graph.nodes.map(({ inputs }) => inputs.length);
  assertEquals(bounds, [1, 3, 2]);
});

Deno.test("OnnxElements joins different element types in the one that holds both", () => {
  const graph = new OnnxGraph();
  const ops = new OnnxElements(graph);
  const x = { name: "x", shape: [2], dtype: "int32" } as const;
  const mask = { name: "mask", shape: [2], dtype: "bool" } as const;
  assertEquals(ops.add(x, mask).dtype, "int32");
  assertEquals(ops.add(x, ops.constant(1)).dtype, "float32");
  assertEquals(ops.multiply(mask, mask).dtype, "int32");
  assertEquals(operators(graph), [
    ...["Cast", "Add"],
    ...["Cast", "Add"],
    ...["Cast", "Cast", "Mul"],
  ]);
});

Deno.test("OnnxElements keeps the element type of a constant", () => {
  const ops = new OnnxElements(new OnnxGraph());
  const { shape, dtype } = ops.constant({
    data: Int32Array.of(1, 2),
    shape: [2, 1],
    dtype: "int32",
  });
  assertEquals([shape, dtype], [[2, 1], "int32"]);
  assertEquals(ops.constant(2).dtype, "float32");
});
