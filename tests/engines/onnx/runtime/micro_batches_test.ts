import { assertEquals, assertRejects } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import {
  OnnxGraph,
  ROWS,
} from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { openPipeline } from "../../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";

/** Looks up numbers of three rows by indices `[N, 2]`. */
function lookUp() {
  const graph = new OnnxGraph();
  const table = graph.constant("float32", [3], Float32Array.of(5, 6, 7));
  const x = graph.input("x", "int32", [ROWS, 2]);
  const found = graph.node("Gather", [table, x]);
  const y = graph.output("y", found, "float32", [ROWS, 2]);
  const same = graph.output("same", x, "int32", [ROWS, 2]);
  return { graph, x, y, same };
}

Deno.test("runMicroBatches() computes some samples at once, and fills one array", async () => {
  const { graph, x, y, same } = lookUp();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  const feed = (indices: number[]) => {
    const data = Int32Array.from(indices);
    const shape = [data.length / 2, 2];
    const array = { data, shape, dtype: "int32" } as const;
    return { [x]: { type: "int32", array } } as const;
  };
  const samples = { first: 10, batchSize: 2 };
  const results = await open.run(feed([0, 1, 2, 0, 1, 1, 2, 2, 0, 0]), "all", {
    samples,
  });
  assertEquals([...results[y]!.data], [5, 6, 7, 5, 6, 6, 7, 7, 5, 5]);
  assertEquals(results[y]!.shape, [5, 2]);
  assertEquals([...results[same]!.data], [0, 1, 2, 0, 1, 1, 2, 2, 0, 0]);

  // The error names the samples that failed, and the session stays open.
  const fails = (indices: number[], message: string) =>
    assertRejects(
      () => open.run(feed(indices), "all", { samples }),
      UnsupportedByEngineError,
      message,
    );
  await fails(
    [0, 1, 2, 0, 1, 9, 2, 2, 0, 0],
    "run samples 12 to 13 as operation",
  );
  await fails([0, 1, 2, 0, 1, 1, 2, 2, 9, 0], "run sample 14 as operation");
  assertEquals([...(await open.run(feed([1, 1])))[y]!.data], [6, 6]);
  await open.close();
});
