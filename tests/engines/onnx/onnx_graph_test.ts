import { assertEquals, assertNotEquals } from "@std/assert";
import { OnnxGraph } from "../../../lib/engines/onnx/onnx_graph.ts";

Deno.test("OnnxGraph keeps each number and list of integers once", () => {
  const graph = new OnnxGraph();
  const body = new OnnxGraph(graph);
  const one = graph.scalar("float32", 1);
  assertEquals(body.scalar("float32", 1), one);
  assertNotEquals(graph.scalar("int32", 1), one);
  assertNotEquals(graph.scalar("float32", 0), graph.scalar("float32", -0));
  assertEquals(graph.integers([1, -1]), body.integers([1, -1]));
  assertNotEquals(graph.integers([1]), graph.scalar("int64", 1));
  assertEquals(body.constants, []);
  assertEquals(graph.constants.map(({ shape }) => shape.length), [
    ...[0, 0, 0, 0, 1, 1, 0],
  ]);
});

Deno.test("OnnxGraph gives no name twice, in bodies too, and tells whose a node is", () => {
  const graph = new OnnxGraph();
  const body = new OnnxGraph(graph);
  const x = graph.input("x", "float32", [null, 2]);
  graph.setScope("block/dense");
  const names = [
    graph.node("Relu", [x]),
    body.node("Relu", [x]),
    ...graph.nodeWith(2, "TopK", [x, graph.integers([1])]),
  ];
  assertEquals(new Set(names).size, names.length);
  assertEquals(names.every((name) => name.startsWith("block/dense/")), true);
  assertEquals(graph.nodes.length, 2);
  assertEquals(body.nodes.length, 1);
});

Deno.test("OnnxGraph gives an output a name of its own", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "int32");
  const outputs = [0, 1].map(() => graph.output("y", x, "int32", [null]));
  assertNotEquals(outputs[0], outputs[1]);
  assertEquals(
    graph.outputs,
    outputs.map((name) => (
      { name, type: "int32", shape: [null] }
    )),
  );
  assertEquals(graph.nodes.map(({ operator }) => operator), [
    "Identity",
    "Identity",
  ]);
});
