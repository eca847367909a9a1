import { assertEquals } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { REDUCTION_OPERATIONS } from "../../lib/layers/reduction_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { shapeOfCall } from "./_call_operation.ts";
import { called } from "./_one_call.ts";

testLayerCases("keras_operations", REDUCTION_OPERATIONS);

Deno.test("tf.math.reduce_mean of integers is an integer, rounded towards 0, as in TensorFlow", async () => {
  const layer = readLayer({
    name: "it",
    className: "tf.math.reduce_mean",
    dialect: 2,
    options: { args: [{ input: 0 }], kwargs: { axis: -1 } },
    factoryOf: (name) => REDUCTION_OPERATIONS[name]!,
  });
  const x = [[1, 2, 2], [-1, -2, -2], [0, 1, 0], [-3, -3, -3]];
  assertEquals(await called(layer, x, { dtype: "int32" }), [1, -1, 0, -3]);
  const floats = [[1, 2, 4.5]];
  assertEquals(await called(layer, floats), [2.5]);
  // Keras' own is a float.
  const whole = { shape: [null, 3], dtype: "int32" } as const;
  const { dtype } = shapeOfCall("Mean", { axis: -1 }, [whole]);
  assertEquals(dtype, "float32");
});
