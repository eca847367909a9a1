import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("adaptive_pooling");

const SEVEN = [[[0], [1], [2], [3], [4], [5], [6]]];

Deno.test("adaptiveAveragePooling1d() changes nothing for as many windows", async () => {
  // Keras 3.15 on jax rounds to other windows here; on TensorFlow it does not.
  const layer = layerOf("AdaptiveAveragePooling1D", { output_size: [7] });
  assertEquals(await called(layer, SEVEN), SEVEN);
});

Deno.test("adaptiveMaxPooling1d() lets windows overlap", async () => {
  const layer = layerOf("AdaptiveMaxPooling1D", { output_size: 3 });
  // Places 0–2, 2–4, 4–6.
  assertEquals(await called(layer, SEVEN), [[[2], [4], [6]]]);
});

Deno.test("adaptiveAveragePooling1d() takes windows of two lengths", async () => {
  const layer = layerOf("AdaptiveAveragePooling1D", { output_size: 5 });
  // Places 0–1, 1–2, 2–4, 4–5, 5–6.
  assertEquals(
    await called(layer, SEVEN),
    [[[0.5], [1.5], [3], [4.5], [5.5]]],
  );
});

Deno.test("adaptiveMaxPooling2d() refuses what it cannot have", async () => {
  assertThrows(
    () => layerOf("AdaptiveMaxPooling2D", { output_size: [0, 2] }),
    TypeError,
    `"output_size" must hold whole numbers of 1 or more`,
  );
  const layer = layerOf("AdaptiveMaxPooling2D", { output_size: 2 });
  assertEquals(shapeAfter(layer, [null, 5, 6, null]), [null, 2, 2, null]);
  assertThrows(
    () => shapeAfter(layer, [null, 5, null, 2]),
    TypeError,
    "the sizes of its input's spatial axes must be known: current value is [null, 5, null, 2]",
  );
  await assertRejects(
    () => called(layer, SEVEN),
    TypeError,
    "its input must have 4 axes",
  );
});
