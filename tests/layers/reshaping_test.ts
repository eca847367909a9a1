import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("reshaping");

Deno.test("reshape() finds the size that follows, with unknown ones before", () => {
  const shape = (target: readonly number[], input: (number | null)[]) =>
    shapeAfter(layerOf("Reshape", { target_shape: target }), input);
  assertEquals(shape([-1, 3], [null, null, 6]), [null, null, 3]);
  assertEquals(shape([2, -1], [null, 4, 6]), [null, 2, 12]);
  assertEquals(shape([], [null, 1]), [null]);
  assertThrows(() => shape([5, -1], [null, 4, 6]), TypeError);
});

Deno.test("reshape() refuses shapes that are none", () => {
  for (const target of [[-1, -1], [0, 2], [-2], [1.5], "all", 3]) {
    assertThrows(
      () => layerOf("Reshape", { target_shape: target }),
      TypeError,
      `"target_shape" must`,
    );
  }
});

Deno.test("flatten() runs through the channels fastest", async () => {
  const layer = layerOf("Flatten", { data_format: "channels_first" });
  assertEquals(await called(layer, [[[1, 2], [3, 4]]]), [[1, 3, 2, 4]]);
});

Deno.test("permute() refuses what is no order of the axes", async () => {
  for (const dims of [[1, 1], [0, 1], [2], [1, 3]]) {
    assertThrows(() => layerOf("Permute", { dims }), TypeError, `"dims" must`);
  }
  await assertRejects(
    () => called(layerOf("Permute", { dims: [2, 1] }), [[1]]),
    TypeError,
    "its input must have 3 axes",
  );
});

Deno.test("repeatVector() refuses what it cannot have", async () => {
  assertThrows(() => layerOf("RepeatVector", { n: 0 }), TypeError, `"n" must`);
  await assertRejects(
    () => called(layerOf("RepeatVector", { n: 2 }), [[[1]]]),
    TypeError,
    "its input must have 2 axes",
  );
});
