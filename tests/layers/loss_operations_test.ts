import { assertThrows } from "@std/assert";
import { LOSS_OPERATIONS } from "../../lib/layers/loss_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", LOSS_OPERATIONS);

Deno.test("cross-entropies refuse probabilities, behind which Keras finds logits", () => {
  for (
    const name of [
      "BinaryCrossentropy",
      "CategoricalCrossentropy",
      "SparseCategoricalCrossentropy",
    ]
  ) {
    const inputs = [floats(null, 3), floats(null, 3)];
    assertThrows(
      () => shapeOfCall(name, { "from_logits": false }, inputs),
      TypeError,
      '"from_logits" must be true',
    );
  }
});
