import { assertThrows } from "@std/assert";
import { TF_INDEXING } from "../../lib/layers/tf_indexing.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_functions", TF_INDEXING);

Deno.test("tf.boolean_mask refuses a mask that is computed, or of the samples", () => {
  const inputs = [floats(null, 3), {
    shape: [null, 3],
    dtype: "bool",
  }] as const;
  const name = "tf.compat.v1.boolean_mask";
  assertThrows(
    () => shapeOfCall(name, {}, inputs, [null, 1]),
    TypeError,
    '"mask" must be a constant',
  );
  assertThrows(
    () => shapeOfCall(name, {}, [floats(null, 3)], [[true, false, true]]),
    TypeError,
    '"axis" must be 1 or more',
  );
});

Deno.test("tf.gather_nd refuses to read samples by their number", () => {
  const inputs = [floats(null, 3), {
    shape: [null, 4, 1],
    dtype: "int32",
  }] as const;
  assertThrows(
    () => shapeOfCall("tf.compat.v1.gather_nd", {}, inputs),
    TypeError,
    '"batch_dims" must be 1, or the params a constant',
  );
});
