import { assertEquals } from "@std/assert";
import { merge, unmerge } from "../../../../lib/engines/onnx/graph/merging.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { runOnce, waves } from "../_recorded.ts";

const X = waves([2, 3, 4, 5]);

/** Which sizes are known, and which not. */
const KNOWN = [
  [null, 3, 4, 5],
  [2, null, 4, 5],
  [null, null, 4, 5],
  [null, 3, null, 5],
  [null, 3, 4, null],
  [null, null, null, null],
];

for (const shape of KNOWN) {
  Deno.test(`merge() and unmerge() find the sizes of [${shape}]`, async () => {
    for (
      const [from, to] of [[0, 1], [1, 2], [2, 3], [1, 3], [0, 3]] as const
    ) {
      const merged = await runOnce(
        [X],
        (ops, x) => ops.merge(x!, from, to),
        ({ dtype }) => ({ shape, dtype }),
      );
      const sizes = X.shape.slice(from, to + 1);
      const size = sizes.reduce((product, n) => product * n, 1);
      assertEquals(merged.shape, X.shape.toSpliced(from, to + 1 - from, size));
      assertEquals(merged.data, X.data);
      const back = await runOnce(
        [X],
        (ops, x) =>
          ops.unmerge(ops.merge(x!, from, to), from, sizes.with(0, -1)),
        ({ dtype }) => ({ shape, dtype }),
      );
      assertEquals(back, X);
    }
  });
}

Deno.test("merge() and unmerge() compute no sizes in the run if only the batch is unknown", () => {
  const graph = new OnnxGraph();
  const x = { name: "x", shape: [null, 3, 4, 6], dtype: "float32" } as const;
  merge(graph, x, 1, 3);
  unmerge(graph, x, 3, [2, -1]);
  assertEquals(graph.nodes.map(({ operator }) => operator), [
    "Reshape",
    "Reshape",
  ]);
  const targets = graph.constants.map(({ data }) =>
    [
      ...data as BigInt64Array,
    ].map(Number)
  );
  assertEquals(targets, [[0, 72], [0, 3, 4, 2, -1]]);
});
