import { assertEquals, assertThrows } from "@std/assert";
import { TF_MATH } from "../../lib/layers/tf_math.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_functions", TF_MATH);

Deno.test("tf.clip_by_norm refuses the norm of a whole batch", () => {
  const inputs = [floats(null, 3)];
  for (const rest of [[2], [2, [0, 1]], [2, [-2]]]) {
    assertThrows(
      () => shapeOfCall("tf.clip_by_norm", {}, inputs, rest),
      TypeError,
      '"axes" must',
    );
  }
});

Deno.test("tf.rank is known before the run", () => {
  const { shape, dtype } = shapeOfCall("tf.rank", {}, [floats(null, 3, 4)]);
  assertEquals([shape, dtype], [[], "int32"]);
});
