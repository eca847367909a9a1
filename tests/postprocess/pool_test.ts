import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { pool } from "../../lib/postprocess/pool.ts";
import type { BuiltInStep } from "../../lib/postprocess/step.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const LAST = { layer: "map", channels: "last" } as const;
const FIRST = { layer: "map", channels: "first" } as const;
const UNKNOWN = { layer: "map", channels: undefined } as const;
// One sample, 2×2 places, 2 channels: 0 2 4 6 and 1 3 5 7.
const MAP = [0, 1, 2, 3, 4, 5, 6, 7];

for (const backend of PLAIN_BACKENDS) {
  for (
    const [kind, context, expected] of [
      ["mean", LAST, [3, 4]],
      ["max", LAST, [6, 7]],
      ["mean", FIRST, [1.5, 5.5]],
      ["max", FIRST, [3, 7]],
    ] as const
  ) {
    Deno.test(`pool("${kind}") with channels ${context.channels} pools [N, H, W, D] on ${backend}`, async () => {
      const step = pool(kind) as BuiltInStep;
      const { data, shape } = await computeOn(
        backend,
        (ops) => step.apply(ops, tf.tensor4d(MAP, [1, 2, 2, 2]), context),
      );
      assertEquals(shape, [1, 2]);
      assertAllClose(data, expected);
    });
  }

  Deno.test(`pool() pools sequences and volumes on ${backend}`, async () => {
    const step = pool("mean") as BuiltInStep;
    const sequence = await computeOn(
      backend,
      (ops) => step.apply(ops, tf.tensor3d(MAP, [1, 4, 2]), LAST),
    );
    assertAllClose(sequence.data, [3, 4]);
    const volume = await computeOn(
      backend,
      (ops) => step.apply(ops, tf.ones([2, 2, 3, 4, 5]), LAST),
    );
    assertEquals(volume.shape, [2, 5]);
  });

  Deno.test(`pool("max") passes a NaN on, on ${backend}`, async () => {
    const step = pool("max") as BuiltInStep;
    const { data } = await computeOn(
      backend,
      (ops) => step.apply(ops, tf.tensor3d([1, NaN, 3, 2], [1, 2, 2]), LAST),
    );
    assertAllClose(data, [3, NaN]);
  });
}

Deno.test("pool() leaves vectors as they are", async () => {
  const step = pool("mean") as BuiltInStep;
  const { data } = await computeOn(
    "cpu",
    (ops) => step.apply(ops, tf.tensor2d([[1, 2, 3]]), UNKNOWN).clone(),
  );
  assertAllClose(data, [1, 2, 3]);
});

Deno.test("pool() requires the channels if the layer does not know them", async () => {
  const step = pool("mean") as BuiltInStep;
  await computeOn("cpu", (ops) => {
    assertThrows(
      () => step.apply(ops, tf.ones([1, 2, 2, 2]), UNKNOWN),
      TypeError,
      `Cannot pool layer "map" as the axis of its channels must be known: current value is undefined; pass it, as in pool("mean", { channels: "last" })`,
    );
    const stated = pool("mean", { channels: "last" }) as BuiltInStep;
    stated.apply(ops, tf.ones([1, 2, 2, 2]), UNKNOWN);
    return tf.scalar(0);
  });
});

Deno.test("pool() prefers the channels of its options to those of the layer", async () => {
  const step = pool("mean", { channels: "first" }) as BuiltInStep;
  const { data } = await computeOn(
    "cpu",
    (ops) => step.apply(ops, tf.tensor4d(MAP, [1, 2, 2, 2]), LAST),
  );
  assertAllClose(data, [1.5, 5.5]);
});

Deno.test("pool() refuses other kinds and positions", () => {
  assertThrows(
    () => pool("sum" as "mean"),
    RangeError,
    `must be one of "mean", "max"`,
  );
  assertThrows(
    () => pool("mean", { channels: "middle" as "last" }),
    RangeError,
    `must be one of "first", "last"`,
  );
  assertThrows(
    () => pool("mean", { channel: "last" } as never),
    TypeError,
    `did you mean "channels"`,
  );
});
