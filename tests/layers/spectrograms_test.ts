import { assertEquals, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("spectrograms");

Deno.test("stftSpectrogram() refuses the angle", () => {
  assertThrows(
    () => layerOf("STFTSpectrogram", { mode: "angle" }),
    Error,
    `current value is "angle"`,
  );
});

Deno.test("stftSpectrogram() must know the number of channels", () => {
  const layer = layerOf("STFTSpectrogram", { mode: "real", "frame_length": 4 });
  const kernel = [4, 1, 3];
  assertEquals(shapeAfter(layer, [null, null, 2], [kernel]), [null, null, 6]);
  assertThrows(
    () => shapeAfter(layer, [null, 9, null], [kernel]),
    TypeError,
    "the number of its input's channels must be known",
  );
});

Deno.test("melSpectrogram() refuses decibels, which depend on the batch", () => {
  for (const config of [{}, { "power_to_db": true }]) {
    assertThrows(
      () => layerOf("MelSpectrogram", config),
      TypeError,
      `"power_to_db" must be false`,
    );
  }
});
