import { assertEquals, assertRejects } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import {
  OnnxGraph,
  ROWS,
} from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { cBinding } from "../../../../lib/engines/onnx/runtime/c_library.ts";
import { loadNodeBinding } from "../../../../lib/engines/onnx/runtime/node_binding.ts";
import { Pipeline } from "../../../../lib/engines/onnx/runtime/pipeline.ts";
import { castTo } from "../../../../lib/engines/onnx/graph/onnx_value.ts";
import { openGraph } from "../../../support/open_graph.ts";

const BINDINGS = {
  "by the C API": async () => (await cBinding())!,
  "by the package for Node": loadNodeBinding,
};

for (const [where, load] of Object.entries(BINDINGS)) {
  Deno.test(`stages of a Pipeline run one after another, and return the outputs that are wanted, ${where}`, async () => {
    const first = new OnnxGraph();
    const x = first.input("x", "float32", [null, 2]);
    const half = castTo(first, first.node("Neg", [x]), "float16");
    const negative = first.output("negative", half, "float16");
    const shape = first.output("shape", first.node("Shape", [x]), "int64");
    const second = new OnnxGraph();
    const from = second.input("from", "float32", [null, 2]); // float16 is converted
    const absolute = second.output("y", second.node("Abs", [from]), "float32");

    const pipeline = new Pipeline(load());
    const outputs = await pipeline.add(encodeModel(first), { threads: 1 });
    assertEquals(outputs.map(({ type, shape }) => [type, shape]), [
      ["float16", [null, 2]],
      ["int64", [2]],
    ]);
    const options = { threads: 1, from: { [from]: negative } };
    await pipeline.add(encodeModel(second), options);
    const array = {
      data: Float32Array.of(1, -2),
      shape: [1, 2],
      dtype: "float32",
    } as const;
    const feeds = { [x]: { type: "float32", array } } as const;
    const all = await pipeline.run(feeds, { wanted: [shape, absolute] });
    assertEquals([...all[absolute]!.data], [1, 2]);
    assertEquals(all[shape]!.type, "int64");
    assertEquals(Object.keys(await pipeline.run(feeds)), [absolute]);
    await pipeline.close();
    await assertRejects(
      () => pipeline.run(feeds),
      TypeError,
      "no model is open",
    );
  });
}

Deno.test("a Pipeline runs a model with weights outside its bytes", async () => {
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

Deno.test("a Pipeline throws what ONNX Runtime throws, for a model and for a run", async () => {
  const wrong = new OnnxGraph();
  wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
  await assertRejects(
    () => openGraph(wrong),
    Error,
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
    Error,
    "embedding/Gather",
  );
  await open.close();
});

Deno.test("a Pipeline has outputs of known sizes written where they are kept", async () => {
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
