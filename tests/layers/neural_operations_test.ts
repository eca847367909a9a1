import { assertEquals } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { NEURAL_OPERATIONS } from "../../lib/layers/neural_operations.ts";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { shapeAfter } from "./_one_call.ts";

testLayerCases("keras_operations", NEURAL_OPERATIONS);
testLayerCases("more_operations", NEURAL_OPERATIONS);

Deno.test("pooling() reads TensorFlow's sizes of all axes in either format", () => {
  const after = (format: string, size: readonly number[]) => {
    const kwargs = { "data_format": format };
    const layer = readLayer({
      name: "it",
      className: "TFOpLambda",
      dialect: 2,
      options: { args: [{ input: 0 }, size, size, "VALID"], kwargs },
      factoryOf: () => OPERATIONS["tf.nn.max_pool"]!,
    });
    return shapeAfter(layer, [null, 4, 6, 8]);
  };
  assertEquals(after("NHWC", [1, 2, 1, 1]), [null, 2, 6, 8]);
  assertEquals(after("NCHW", [1, 1, 2, 1]), [null, 4, 3, 8]);
});
