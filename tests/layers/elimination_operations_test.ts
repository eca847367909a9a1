import { assertEquals } from "@std/assert";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { ELIMINATION_OPERATIONS } from "../../lib/layers/elimination_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { tf } from "../../lib/tf.ts";
import { computeOn } from "../support/on_backends.ts";

testLayerCases("keras_operations", ELIMINATION_OPERATIONS);

// As Keras 3.15 on TensorFlow.
Deno.test("operations on matrices without rows give what NumPy gives", async () => {
  const shapes = {
    Det: [3],
    Slogdet: [3],
    Inv: [3, 0, 0],
    Cholesky: [3, 0, 0],
  };
  for (const [className, shape] of Object.entries(shapes)) {
    const layer = readLayer({
      name: "it",
      className,
      dialect: 3,
      options: { args: [{ input: 0 }] },
      factoryOf: () => ELIMINATION_OPERATIONS[className]!,
    });
    const context = { masks: [], args: {} };
    const { data, shape: found } = await computeOn("cpu", (ops) => {
      const none = ops.slice(tf.ones([3, 2, 2]), [
        { axis: 1, stop: 0 },
        { axis: 2, stop: 0 },
      ]);
      return layer.call<tf.Tensor>(ops, [none], {}, context)[0]!;
    });
    assertEquals(found, shape, className);
    assertEquals([...data], shape.length === 1 ? [1, 1, 1] : [], className);
  }
});
