import { assertEquals, assertThrows } from "@std/assert";
import { CUDNN_LAYERS } from "../../lib/layers/cudnn.ts";
import { LAYERS } from "../../lib/layers/layer_table.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { layerOf, shapeAfter } from "./_one_call.ts";

Deno.test("CuDNN layers refuse masks, and weights of another shape", () => {
  assertEquals(Object.keys(CUDNN_LAYERS).every((name) => name in LAYERS), true);
  const lstm = layerOf("CuDNNLSTM", { units: 2 });
  const weights = [[3, 8], [2, 8], [16]];
  assertEquals(shapeAfter(lstm, [null, 5, 3], weights), [null, 2]);
  assertThrows(
    () => shapeAfter(lstm, [null, 5, 3], [[3, 8], [2, 8], [8]]),
    TypeError,
    'the shape of its "bias" must be [16]',
  );
  const ops = new ShapeOps();
  const x = { shape: [null, 5, 3], dtype: "float32" as const };
  const mask = { shape: [null, 5], dtype: "bool" as const };
  const named = Object.fromEntries(
    lstm.weights.map((name, i) => [
      name,
      { shape: weights[i]!, dtype: "float32" as const },
    ]),
  );
  assertThrows(
    () => lstm.call(ops, [x], named, { masks: [mask], args: {} }),
    TypeError,
    "its input must have no mask",
  );
});
