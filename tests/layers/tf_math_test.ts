import { assertEquals } from "@std/assert";
import { TF_MATH } from "../../lib/layers/tf_math.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { called } from "./_one_call.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_functions", TF_MATH);

Deno.test("tf.clip_by_norm without axes takes the norm of the batch, as Keras", async () => {
  const layer = readLayer({
    name: "it",
    className: "tf.clip_by_norm",
    dialect: 2,
    options: { args: [{ input: 0 }, 5] },
    factoryOf: (name) => TF_MATH[name]!,
  });
  // The norm of all four is 10.
  assertEquals(await called(layer, [[6, 0], [0, 8]]), [[3, 0], [0, 4]]);
});

Deno.test("tf.rank is known before the run", () => {
  const { shape, dtype } = shapeOfCall("tf.rank", {}, [floats(null, 3, 4)]);
  assertEquals([shape, dtype], [[], "int32"]);
});
