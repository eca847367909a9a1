import { assertEquals, assertRejects } from "@std/assert";
import {
  OnnxGraph,
  ROWS,
} from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { openGraph } from "../../../../lib/engines/onnx/runtime/runtime.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";

Deno.test("openGraph() runs a graph with weights outside its bytes", async () => {
  const graph = new OnnxGraph();
  const weights = Float32Array.from({ length: 1200 }, (_, i) => i);
  const kept = weights.slice();
  const x = graph.input("x", "float32", [null, 600]);
  const kernel = graph.constant("float32", [600, 2], weights);
  const y = graph.output("y", graph.node("MatMul", [x, kernel]), "float32");
  const open = await openGraph(graph);
  const data = new Float32Array(600).map((_, i) => i === 3 ? 1 : 0);
  const feed = { data, shape: [1, 600], dtype: "float32" } as const;
  const first = await open.run({ [x]: { type: "float32", array: feed } });
  weights.fill(0); // the session has its own by now
  const second = await open.run({ [x]: { type: "float32", array: feed } });
  await open.close();
  assertEquals([...first[y]!.data], [kept[6], kept[7]]);
  assertEquals(first[y]!.shape, [1, 2]);
  assertEquals(second, first);
});

Deno.test("openGraph() says what ONNX Runtime says of a graph or a run that fails", async () => {
  const wrong = new OnnxGraph();
  wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
  await assertRejects(
    () => openGraph(wrong),
    UnsupportedByEngineError,
    "NoSuchOperator",
  );
  const graph = new OnnxGraph();
  const table = graph.constant("float32", [2], Float32Array.of(1, 2));
  const x = graph.input("x", "int32", [null]);
  graph.setScope("embedding");
  graph.output("y", graph.node("Gather", [table, x]), "float32");
  const open = await openGraph(graph);
  const array = { data: Int32Array.of(5), shape: [1], dtype: "int32" } as const;
  await assertRejects(
    () => open.run({ [x]: { type: "int32", array } }),
    UnsupportedByEngineError,
    "embedding/Gather",
  );
  await open.close();
});

Deno.test("openModel() has outputs of known sizes written where they are kept", async () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [ROWS, 2]);
  const twice = graph.node("Add", [x, x]);
  const known = graph.output("known", twice, "float32", [ROWS, 2]);
  const open = await openGraph(graph);
  const copied: number[] = [];
  const { slice } = Float32Array.prototype;
  const data = Float32Array.of(1, 2, 3, 4);
  const array = { data, shape: [2, 2], dtype: "float32" } as const;
  Float32Array.prototype.slice = function (...range) {
    copied.push(this.length);
    return slice.apply(this, range);
  };
  try {
    const results = await open.run({ [x]: { type: "float32", array } });
    assertEquals(results[known], {
      data: Float32Array.of(2, 4, 6, 8),
      shape: [2, 2],
      type: "float32",
    });
  } finally {
    Float32Array.prototype.slice = slice;
    await open.close();
  }
  assertEquals(copied, []);
});
