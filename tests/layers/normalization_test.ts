import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("normalization");

Deno.test("batchNormalization() uses the moving statistics", async () => {
  const layer = layerOf("BatchNormalization", { epsilon: 1 });
  assertEquals(layer.weights, [
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
  ]);
  const weights = [[3], [10], [2], [3]]; // 3 (x − 2) / sqrt(3 + 1) + 10
  assertEquals(await called(layer, [[4], [2]], { weights }), [[13], [10]]);
});

Deno.test("batchNormalization() refuses what it cannot do", () => {
  assertThrows(
    () => layerOf("BatchNormalization", { axis: "last" }),
    TypeError,
    `"axis" must be one axis, or several`,
  );
});

Deno.test("groupNormalization() refuses channels that do not fall into groups", async () => {
  const layer = layerOf("GroupNormalization", { groups: 2, scale: false });
  assertThrows(
    () => shapeAfter(layer, [null, 4, 5], [[5]]),
    TypeError,
    "its channels must fall into 2 groups",
  );
  await assertRejects(
    () => called(layer, [[1, 2, 3]], { weights: [[0, 0, 0]] }),
    TypeError,
    "its channels must fall into 2 groups",
  );
});

Deno.test("layerNormalization() takes positions whose number is not known", () => {
  const layer = layerOf("LayerNormalization", { axis: [-1] });
  assertEquals(shapeAfter(layer, [null, null, 3], [[3], [3]]), [null, null, 3]);
});
