import { assertEquals, assertThrows } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { TF_INDEXING } from "../../lib/layers/tf_indexing.ts";
import { callByHand } from "../support/hand_calls.ts";
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

Deno.test("tf.searchsorted() places NaN after all bounds from the right", async () => {
  const count = async (side: string) => {
    const layer = readLayer({
      name: "it",
      className: "TFOpLambda",
      dialect: 2,
      options: {
        function: "searchsorted",
        args: [{ input: 0 }, { input: 1 }],
        kwargs: { side },
      },
      factoryOf: () => TF_INDEXING["tf.searchsorted"]!,
    });
    const inputs = [[[1, 2, 3]], [[NaN, 2]]];
    return (await callByHand(layer, { inputs })).values;
  };
  // As std::upper_bound and std::lower_bound, which TensorFlow calls.
  assertEquals(await count("right"), [[[3, 2]]]);
  assertEquals(await count("left"), [[[0, 1]]]);
});
