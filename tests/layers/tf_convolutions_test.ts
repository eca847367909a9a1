import { assertThrows } from "@std/assert";
import { TF_CONVOLUTIONS } from "../../lib/layers/tf_convolutions.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_functions", TF_CONVOLUTIONS);

Deno.test("tf.nn.conv2d_transpose refuses output sizes with pixels left over", () => {
  const inputs = [floats(null, 5, 4, 3), floats(2, 2, 4, 3)];
  assertThrows(
    () =>
      shapeOfCall("tf.nn.conv2d_transpose", {}, inputs, [
        [3, 9, 8, 4],
        2,
        "SAME",
      ]),
    TypeError,
    '"output_shape" must have size 10 of axis 1',
  );
});
