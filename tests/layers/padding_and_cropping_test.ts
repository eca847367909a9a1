import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("padding_and_cropping");

Deno.test("cropping1d() refuses to crop all positions away", async () => {
  const layer = layerOf("Cropping1D", { cropping: [2, 1] });
  await assertRejects(
    () => called(layer, [[[1], [2], [3]]]),
    TypeError,
    "its input must have more positions than [2, 1] are cropped: current value is [1, 3, 1]",
  );
  assertEquals(await called(layer, [[[1], [2], [3], [4]]]), [[[3]]]);
});

Deno.test("zeroPadding2d() puts zeros where they are requested", async () => {
  const layer = layerOf("ZeroPadding2D", { padding: [[1, 0], [0, 2]] });
  assertEquals(
    await called(layer, [[[[5]]]]),
    [[[[0], [0], [0]], [[5], [0], [0]]]],
  );
});

Deno.test("cropping3d() and zeroPadding3d() refuse borders that are none", async () => {
  for (
    const border of [-1, [1, 2], [[1, 2], [1], 1], "all", [1, 1, 0.5], null]
  ) {
    for (
      const [verb, key] of [["Cropping", "cropping"], [
        "ZeroPadding",
        "padding",
      ]]
    ) {
      assertThrows(
        () => layerOf(`${verb}3D`, { [key!]: border }),
        TypeError,
        `"${key}" must be numbers of positions`,
      );
    }
  }
  await assertRejects(
    () => called(layerOf("ZeroPadding3D", { padding: 1 }), [[[1]]]),
    TypeError,
    "its input must have 5 axes",
  );
});

Deno.test("cropping2d() knows its shape where no position is known", () => {
  const layer = layerOf("Cropping2D", { cropping: [[1, 0], [2, 3]] });
  assertEquals(shapeAfter(layer, [null, null, 9, 2]), [null, null, 4, 2]);
});
