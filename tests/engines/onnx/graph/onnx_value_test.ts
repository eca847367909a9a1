import { assertEquals } from "@std/assert";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import {
  castTo,
  named,
} from "../../../../lib/engines/onnx/graph/onnx_value.ts";

Deno.test("named() copies shape and element type, and nothing else", () => {
  const kind = { shape: [1, null], dtype: "bool", number: 1 } as const;
  assertEquals(named("x", kind), {
    name: "x",
    shape: [1, null],
    dtype: "bool",
  });
});

Deno.test("castTo() names the type by ONNX' number", () => {
  const graph = new OnnxGraph();
  castTo(graph, "x", "int64");
  castTo(graph, "x", "float64");
  assertEquals(graph.nodes.map(({ attributes }) => attributes.to), [7, 11]);
});
