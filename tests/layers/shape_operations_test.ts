import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { SHAPE_OPERATIONS } from "../../lib/layers/shape_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";
import { called } from "./_one_call.ts";

testLayerCases("keras_operations", SHAPE_OPERATIONS);

const IMAGE = [[[1, 2, 3], [4, 5, 6]]];

for (
  const [shift, expected] of [
    [1, [[[6, 1, 2], [3, 4, 5]]]],
    [-2, [[[3, 4, 5], [6, 1, 2]]]],
    [7, [[[6, 1, 2], [3, 4, 5]]]],
  ] as const
) {
  Deno.test(`Roll by ${shift} without an axis rolls all values, of known sizes`, async () => {
    const roll = readLayer({
      name: "it",
      className: "Roll",
      dialect: 3,
      options: { args: [{ input: 0 }, shift], axis: null },
      factoryOf: (name) => SHAPE_OPERATIONS[name]!,
    });
    assertEquals(await called(roll, IMAGE), expected);
  });
}

Deno.test("Roll without an axis refuses to roll over the samples", () => {
  const message =
    'Cannot call operation "it" as the sizes of its inputs must be known: current value is [null, 3]; axis 0 holds the samples: along other axes it is supported';
  assertThrows(
    () => shapeOfCall("Roll", { axis: null }, [floats(null, 3)], [1]),
    TypeError,
    message,
  );
});
