import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { gramStatistics } from "../../lib/postprocess/gram_statistics.ts";
import type { BuiltInStep } from "../../lib/postprocess/step.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const STEP = gramStatistics({ orders: [1, 2] }) as BuiltInStep;

for (const backend of PLAIN_BACKENDS) {
  Deno.test(`gramStatistics() of a vector is its outer product's on ${backend}`, async () => {
    // G of order 1: [1 2 −3; 2 4 −6; −3 −6 9]. Lower triangle, row sums: 1, 6, 0.
    // Of order 2, with z² = 1 4 9: roots of [1], [4 16], [9 36 81]: 1, 2 + 4, 3 + 6 + 9.
    const { data, shape } = await computeOn(
      backend,
      (ops) =>
        STEP.apply(ops, tf.tensor2d([[1, 2, -3]]), {
          layer: "pen",
          channels: undefined,
        }),
    );
    assertEquals(shape, [1, 2, 3]);
    assertAllClose(data, [1, 6, 0, 1, 6, 18], { rtol: 1e-5, atol: 1e-5 });
  });

  Deno.test(`gramStatistics() of a map is over its places, whichever way it lies, on ${backend}`, async () => {
    // Channels 1 3 5 7 and 2 4 6 8: order 1 gives 84; 100 + 120 = 220.
    const expected = [84, 220, 55.749439, 139.94339];
    const map = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const last = await computeOn(
      backend,
      (ops) => STEP.apply(ops, map, { layer: "map", channels: "last" }),
    );
    assertAllClose(last.data, expected);
    const transposed = map.transpose([0, 3, 1, 2]);
    const first = await computeOn(
      backend,
      (ops) => STEP.apply(ops, transposed, { layer: "map", channels: "first" }),
    );
    assertAllClose(first.data, expected);
    tf.dispose([map, transposed]);
  });
}

Deno.test("gramStatistics() asks for the channels of a map", async () => {
  await computeOn("cpu", (ops) => {
    assertThrows(
      () =>
        STEP.apply(ops, tf.ones([1, 2, 2, 2]), {
          layer: "map",
          channels: undefined,
        }),
      TypeError,
      `Cannot take Gram statistics of layer "map"`,
    );
    return tf.scalar(0);
  });
});

Deno.test("gramStatistics() refuses orders that are no positive integers", () => {
  for (const orders of [[0], [1.5], [-1], [NaN]]) {
    assertThrows(
      () => gramStatistics({ orders }),
      RangeError,
      `"orders" must be a positive integer`,
    );
  }
  assertThrows(
    () => gramStatistics({ orders: [] }),
    RangeError,
    "must not be empty",
  );
});
