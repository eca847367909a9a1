import { assertEquals } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { ORDER_OPERATIONS } from "../../lib/layers/order_operations.ts";
import { callByHand } from "../support/hand_calls.ts";
import { testLayerCases } from "../support/layer_cases.ts";

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
