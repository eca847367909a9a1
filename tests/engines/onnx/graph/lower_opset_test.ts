import { assertEquals, assertThrows } from "@std/assert";
import { lowerOpset } from "../../../../lib/engines/onnx/graph/lower_opset.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

/** A graph of one operator, lowered: operators with their inputs' number and attributes. */
function lowered(
  version: number,
  add: (graph: OnnxGraph, x: string) => string,
): unknown[] {
  const graph = new OnnxGraph();
  graph.output("y", add(graph, graph.input("x", "float32")), "float32");
  lowerOpset(graph, version);
  return graph.nodes.slice(0, -1).map(({ operator, inputs, attributes }) => [
    operator,
    inputs.length,
    attributes,
  ]);
}

Deno.test("lowerOpset() makes axes an attribute where they were one", () => {
  const mean = (graph: OnnxGraph, x: string) =>
    graph.node("ReduceMean", [x, graph.integers([1, 2])], {
      keepdims: 0,
      noopWithEmptyAxes: 1,
    });
  const attributes = { keepdims: 0, axes: [1, 2] };
  assertEquals(lowered(17, mean), [["ReduceMean", 1, attributes]]);
  assertEquals(lowered(18, mean), [["ReduceMean", 2, {
    keepdims: 0,
    noopWithEmptyAxes: 1,
  }]]);
  const sum = (graph: OnnxGraph, x: string) =>
    graph.node("ReduceSum", [x, graph.integers([1])], { keepdims: 1 });
  assertEquals(lowered(13, sum), [["ReduceSum", 2, { keepdims: 1 }]]);
  assertEquals(lowered(12, sum), [["ReduceSum", 1, {
    keepdims: 1,
    axes: [1],
  }]]);
  const none = (graph: OnnxGraph, x: string) =>
    graph.node("ReduceMax", [x, graph.integers([])], {
      keepdims: 1,
      noopWithEmptyAxes: 1,
    });
  assertEquals(lowered(11, none), [["Identity", 1, {}]]);
});

Deno.test("lowerOpset() leaves out what earlier versions do not have", () => {
  const reshape = (graph: OnnxGraph, x: string) =>
    graph.node("Reshape", [x, graph.integers([-1, 2])], { allowzero: 0 });
  assertEquals(lowered(13, reshape), [["Reshape", 2, {}]]);
  assertEquals(lowered(14, reshape), [["Reshape", 2, { allowzero: 0 }]]);
  const part = (graph: OnnxGraph, x: string) =>
    graph.node("Shape", [x], { start: 1, end: 3 });
  assertEquals(lowered(14, part), [
    ["Shape", 1, {}],
    ["Gather", 2, { axis: 0 }],
  ]);
  const top = (graph: OnnxGraph, x: string) =>
    graph.nodeWith(2, "TopK", [x, graph.integers([1])], {
      axis: 1,
      largest: 1,
      sorted: 1,
    })[0]!;
  assertEquals(lowered(10, top), [["TopK", 2, { axis: 1 }]]);
});

Deno.test("lowerOpset() names what a version does not have, and what it does not know", () => {
  assertThrows(
    () => lowered(8, (graph, x) => graph.node("Where", [x, x, x])),
    RangeError,
    'must include Where: current value is "version 8"; convert the file in Python: onnx.version_converter.convert_version(model, 21)',
  );
  assertThrows(
    () => lowered(21, (graph, x) => graph.node("Attention", [x])),
    RangeError,
    "leave the step out",
  );
});
