import { assertEquals } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { LINEAR_OPERATIONS } from "../../lib/layers/linear_operations.ts";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { called } from "./_one_call.ts";

testLayerCases("keras_operations", LINEAR_OPERATIONS);
testLayerCases("more_operations", LINEAR_OPERATIONS);

Deno.test("normOf() joins all values to a vector in TensorFlow, to a matrix in Keras", async () => {
  const norm = (name: string) =>
    readLayer({
      name: "it",
      className: name,
      dialect: name === "Norm" ? 3 : 2,
      options: { args: [{ input: 0 }], kwargs: { ord: 1 } },
      factoryOf: () => OPERATIONS[name]!,
    });
  const matrix = [[1, -2], [3, 4]];
  assertEquals(await called(norm("tf.norm"), matrix), 10);
  assertEquals(await called(norm("Norm"), matrix), 6); // of the second column
});
