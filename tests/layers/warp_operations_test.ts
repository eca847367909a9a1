import { assertThrows } from "@std/assert";
import { WARP_OPERATIONS } from "../../lib/layers/warp_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", WARP_OPERATIONS);

Deno.test("MapCoordinates refuses coordinates that join samples, or differ between them", () => {
  const options = { order: 1, "fill_mode": "nearest" };
  const inputs = [floats(null, 6)];
  for (const places of [[[0, 0], [1, 2]], [[0, 1], [1, 2]], [[0.5], [1]]]) {
    assertThrows(
      () => shapeOfCall("MapCoordinates", options, inputs, [places]),
      TypeError,
      '"coordinates" must be those of its own sample in each row',
    );
  }
});

Deno.test("PerspectiveTransform and AffineTransform refuse constants that differ between samples", () => {
  const inputs = [floats(null, 6, 7, 3)];
  const corners = [[0, 0], [6, 0], [0, 5], [6, 5]];
  const others = [[1, 0], [6, 0], [0, 5], [6, 5]];
  assertThrows(
    () =>
      shapeOfCall("PerspectiveTransform", {}, inputs, [
        [corners, others],
        [corners, corners],
      ]),
    TypeError,
    '"start_points" must be the same for all images',
  );
  const transform = [1, 0, 0, 0, 1, 0, 0, 0];
  assertThrows(
    () =>
      shapeOfCall("AffineTransform", {}, inputs, [
        [transform, transform.with(2, 5)],
      ]),
    TypeError,
    "the same for all images",
  );
});
