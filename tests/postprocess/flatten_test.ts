import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { flatten } from "../../lib/postprocess/flatten.ts";
import type { BuiltInStep } from "../../lib/postprocess/step.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const STEP = flatten() as BuiltInStep;
const CONTEXT = { layer: "map", channels: undefined } as const;

for (const backend of PLAIN_BACKENDS) {
  Deno.test(`flatten() puts the units of a sample in a row, row-major, on ${backend}`, async () => {
    const { data, shape } = await computeOn(
      backend,
      (ops) => STEP.apply(ops, tf.range(0, 12).reshape([2, 3, 1, 2]), CONTEXT),
    );
    assertEquals(shape, [2, 6]);
    assertEquals([...data], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
}

Deno.test("flatten() leaves vectors as they are", async () => {
  const { shape } = await computeOn(
    "cpu",
    (ops) => STEP.apply(ops, tf.ones([3, 4]), CONTEXT).clone(),
  );
  assertEquals(shape, [3, 4]);
});

Deno.test("flatten() returns shapes also where sizes are not known", () => {
  const ops = new ShapeOps();
  const shapeOf = (...shape: (number | null)[]) =>
    STEP.apply(ops, { shape, dtype: "float32" }, CONTEXT).shape;
  assertEquals(shapeOf(null, 3, 4), [null, 12]);
  assertEquals(shapeOf(null, null, 4), [null, null]);
});
