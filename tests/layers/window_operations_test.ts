import { assertThrows } from "@std/assert";
import { WINDOW_OPERATIONS } from "../../lib/layers/window_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", WINDOW_OPERATIONS);

Deno.test("SliceUpdate refuses updates of some rows of the batch", () => {
  const inputs = [floats(null, 5)];
  for (
    const rest of [
      [[0, 1], [[9, 8]]],
      [[1, 0], { input: 0 }],
    ]
  ) {
    assertThrows(
      () => shapeOfCall("SliceUpdate", {}, inputs, rest),
      TypeError,
      '"updates" must have the rows of the inputs',
    );
  }
});
