import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { normalize } from "../../lib/postprocess/normalize.ts";
import type { BuiltInStep } from "../../lib/postprocess/step.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const CONTEXT = { layer: "pen", channels: undefined } as const;

for (const backend of PLAIN_BACKENDS) {
  Deno.test(`normalize() returns rows of length 1, also of huge and of tiny values, on ${backend}`, async () => {
    const rows = [[3, -4], [3e30, 4e30], [3e-9, 4e-9]];
    const step = normalize({ epsilon: 0 }) as BuiltInStep;
    const { data } = await computeOn(
      backend,
      (ops) => step.apply(ops, tf.tensor2d(rows), CONTEXT),
    );
    assertAllClose(data, [0.6, -0.8, 0.6, 0.8, 0.6, 0.8]);
  });

  Deno.test(`normalize() returns 0 for rows of zeros on ${backend}`, async () => {
    for (const step of [normalize(), normalize({ epsilon: 0 })]) {
      const { data } = await computeOn(
        backend,
        (ops) => (step as BuiltInStep).apply(ops, tf.zeros([1, 3]), CONTEXT),
      );
      assertEquals([...data], [0, 0, 0]);
    }
  });

  Deno.test(`normalize() uses all units of a sample and keeps the shape on ${backend}`, async () => {
    const { data, shape } = await computeOn(
      backend,
      (ops) =>
        (normalize() as BuiltInStep).apply(ops, tf.ones([2, 2, 2, 1]), CONTEXT),
    );
    assertEquals(shape, [2, 2, 2, 1]);
    assertAllClose(data, Array(8).fill(0.5));
  });
}

Deno.test("normalize() adds epsilon to the length", async () => {
  const step = normalize({ epsilon: 5 }) as BuiltInStep;
  const { data } = await computeOn(
    "cpu",
    (ops) => step.apply(ops, tf.tensor2d([[3, 4]]), CONTEXT),
  );
  assertAllClose(data, [0.3, 0.4]);
});

Deno.test("normalize() refuses an epsilon that is negative or not finite", () => {
  for (const epsilon of [-1, NaN, Infinity]) {
    assertThrows(
      () => normalize({ epsilon }),
      RangeError,
      `"epsilon" must be finite and >= 0`,
    );
  }
});
