import { assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { layerOf } from "./_one_call.ts";

testLayerCases("images");

Deno.test("autoContrast() refuses a range that is none", () => {
  for (const range of [[0], [0, "255"], 255]) {
    assertThrows(
      () => layerOf("AutoContrast", { "value_range": range }),
      TypeError,
      `"value_range" must be two numbers`,
    );
  }
});

Deno.test("pipeline() refuses layers with weights", () => {
  const dense = { "class_name": "Dense", config: { name: "d", units: 2 } };
  assertThrows(
    () => layerOf("Pipeline", { layers: [dense] }),
    TypeError,
    "its layers must have no weights",
  );
});
