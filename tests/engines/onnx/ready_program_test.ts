import { assertEquals } from "@std/assert";
import { makeReady } from "../../../lib/engines/onnx/ready_program.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import { array, feature, first, input, ours, program } from "./_program.ts";

const X = input(0, "x", [null, 2]);
const SCALED: Layer = {
  weights: ["factor", "unused"],
  call: (ops, [x], { factor }) => [ops.multiply(x!, factor!)],
};
const NODE = ours(1, "scaled", SCALED, [first(X)], {
  factor: array([2], [2, 3]),
  unused: array([9], Array(9).fill(1)),
});

Deno.test("makeReady() counts what a row takes, and what the weights that are used take", async () => {
  const { bytesPerRow, weightBytes, nodes, halves } = await makeReady(
    program([X], [feature(NODE), feature(X)]),
  );
  assertEquals(bytesPerRow, 4 * (2 + 2 + 2)); // in, and twice out
  assertEquals(weightBytes, 4 * 2);
  assertEquals(nodes, [NODE]);
  assertEquals(halves, [undefined, undefined]);
});

Deno.test("makeReady() knows no size of a row where some size is not known, or halves are wanted", async () => {
  const map = input(0, "map", [null, null, 1]);
  const unknown = await makeReady(program([map], [feature(map)]));
  assertEquals(unknown.bytesPerRow, undefined);
  const half = { ...feature(X), readAs: "float16" } as const;
  const halved = await makeReady(program([X], [half]));
  assertEquals(halved.bytesPerRow, undefined);
});
