// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("global_pooling");

Deno.test("globalMaxPooling1d() finds a NaN", async () => {
  const output = await called(
    layerOf("GlobalMaxPool1D", {}),
    [[[1, 2], [NaN, 3], [0, 9]]],
  );
  assertEquals(output, [[NaN, 9]]);
});

Deno.test("globalAveragePooling2d() keeps the axes if told so", async () => {
  const options = { data_format: "channels_first", keepdims: true };
  const output = await called(
    layerOf("GlobalAveragePooling2D", options),
    [[[[1, 2], [3, 6]]]],
  );
  assertEquals(output, [[[[3]]]]);
});

Deno.test("globalAveragePooling3d() refuses what it cannot have", async () => {
  assertThrows(
    () => layerOf("GlobalAveragePooling3D", { keepdims: "yes" }),
    TypeError,
    `"keepdims" must be true or false`,
  );
  await assertRejects(
    () => called(layerOf("GlobalAveragePooling3D", {}), [[[1]]]),
    TypeError,
    "its input must have 5 axes",
  );
});

Deno.test("globalMaxPooling3d() knows its shape where no position is known", () => {
  const layer = layerOf("GlobalMaxPooling3D", {});
  assertEquals(shapeAfter(layer, [null, null, null, null, 3]), [null, 3]);
});
