import { assertThrows } from "@std/assert";
import { FILTER_OPERATIONS } from "../../lib/layers/filter_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", FILTER_OPERATIONS);

Deno.test("ScaleAndTranslate refuses to move the samples", () => {
  const options = { "spatial_dims": [0, 1], method: "linear" };
  assertThrows(
    () =>
      shapeOfCall("ScaleAndTranslate", options, [floats(null, 6, 7, 3)], [
        [3, 4, 5, 3],
        [1, 1],
        [0, 0],
      ]),
    TypeError,
    '"spatial_dims" must leave out the first axis',
  );
});
