import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { ORDER_OPERATIONS } from "../../lib/layers/order_operations.ts";
import { callByHand } from "../support/hand_calls.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";
import { called } from "./_one_call.ts";

testLayerCases("keras_operations", ORDER_OPERATIONS);
testLayerCases("more_operations", ORDER_OPERATIONS);
testLayerCases("more_functions", ORDER_OPERATIONS);

Deno.test("InTopK is false for a target of NaN, as on every backend of Keras", async () => {
  const layer = readLayer({
    name: "it",
    className: "InTopK",
    dialect: 3,
    options: { args: [{ input: 0 }, { input: 1 }, 2] },
    factoryOf: () => ORDER_OPERATIONS["InTopK"]!,
  });
  const predictions = [[NaN, 1, 2], [1, 0, 2], [0, 1, 2]];
  const inputs = [[0, 0, 0], predictions];
  const { values } = await callByHand(layer, { inputs });
  assertEquals(values.map((value) => [value].flat().map(Number)), [[0, 1, 0]]);
});

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
      factoryOf: (name) => ORDER_OPERATIONS[name]!,
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
