// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("pooling");

Deno.test("averagePooling1d() does not count padding", async () => {
  const options = { pool_size: 3, strides: 1, padding: "SAME" };
  const output = await called(
    layerOf("AvgPool1D", options),
    [[[2], [4], [9]]],
  );
  assertEquals(output, [[[3], [5], [6.5]]]);
});

Deno.test("maxPooling1d() does not take padding for a value", async () => {
  const options = { pool_size: 3, strides: null, padding: "same" };
  const output = await called(
    layerOf("MaxPool1D", options),
    [[[-2], [-4], [-9], [-7]]],
  );
  assertEquals(output, [[[-2], [-7]]]); // windows [_, −2, −4], [−9, −7, _]
});

Deno.test("maxPooling2d() refuses what it cannot have", async () => {
  for (
    const [options, text] of [
      [{ pool_size: 0 }, `"pool_size" must hold whole numbers of 1 or more`],
      [{ pool_size: 2, strides: 0 }, `"strides" must hold`],
      [{ pool_size: 2, padding: "full" }, `current value is "full"`],
      [{ pool_size: [2, 2, 2] }, `"pool_size" must be 2 whole numbers`],
    ] as const
  ) {
    assertThrows(() => layerOf("MaxPooling2D", options), Error, text);
  }
  await assertRejects(
    () => called(layerOf("MaxPooling2D", { pool_size: 2 }), [[[1]]]),
    TypeError,
    "its input must have 4 axes",
  );
});

Deno.test("averagePooling3d() knows its shape where no position is known", () => {
  const layer = layerOf("AveragePooling3D", { pool_size: 2 });
  assertEquals(
    shapeAfter(layer, [null, null, 5, null, 3]),
    [null, null, 2, null, 3],
  );
});
