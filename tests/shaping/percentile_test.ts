import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import {
  checkPercentile,
  rowPercentile,
} from "../../lib/shaping/percentile.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const ROWS = [
  [0.1, 0.5, 2, 3, 0, 1, 0.2, 4],
  [4, 0.2, 1, 0, 3, 2, 0.5, 0.1], // the same values in another order
];

for (const backend of PLAIN_BACKENDS) {
  // Sorted: 0 .1 .2 .5 1 2 3 4. At .65 the place is 4.55, at .85 it is 5.95.
  for (
    const [percentile, interpolation, expected] of [
      [0.65, "nearest", 2],
      [0.65, "linear", 1.55],
      [0.85, "nearest", 3],
      [0.85, "linear", 2.95],
      [0.01, "nearest", 0],
      [0.99, "nearest", 4],
    ] as const
  ) {
    Deno.test(`rowPercentile() returns ${expected} at ${percentile} ${interpolation} on ${backend}`, async () => {
      const found = await computeOn(
        backend,
        (ops) =>
          rowPercentile(ops, tf.tensor2d(ROWS), { percentile, interpolation }),
      );
      assertEquals(found.shape, [2, 1]);
      assertAllClose(found.data, [expected, expected]);
    });
  }

  Deno.test(`rowPercentile() rounds halves to even, counting upwards, on ${backend}`, async () => {
    // Places (n − 1) p = 2.5 and 1.5: 2 either way; then 0.5: 0.
    const at = async (row: number[], percentile: number) => {
      const { data } = await computeOn(
        backend,
        (ops) =>
          rowPercentile(ops, tf.tensor2d([row]), {
            percentile,
            interpolation: "nearest",
          }),
      );
      return data[0];
    };
    assertEquals(await at([0, 1, 2, 3, 4, 5], 0.5), 2);
    assertEquals(await at([0, 1, 2, 3], 0.5), 2);
    assertEquals(await at([0, 1], 0.5), 0);
  });
}

Deno.test("rowPercentile() refuses an unknown width", () => {
  const ops = new ShapeOps();
  assertThrows(
    () =>
      rowPercentile(ops, { shape: [null, null], dtype: "float32" }, {
        percentile: 0.5,
        interpolation: "nearest",
      }),
    TypeError,
    "width must be known",
  );
});

Deno.test("checkPercentile() refuses what is no share and no interpolation", () => {
  for (const wrong of [0, 1, -0.1, 90, NaN, Infinity]) {
    assertThrows(
      () => checkPercentile(wrong, {}, "set ash"),
      RangeError,
      `Cannot set ash as "percentile" must be finite and > 0 and < 1: current value is ${wrong}`,
    );
  }
  assertThrows(
    () =>
      checkPercentile(0.9, { interpolation: "cubic" as "linear" }, "set ash"),
    RangeError,
    `"interpolation" must be one of "nearest", "linear": current value is "cubic"`,
  );
  assertThrows(
    () =>
      checkPercentile(0.9, { interpolations: "linear" } as never, "set ash"),
    TypeError,
    `did you mean "interpolation"`,
  );
});

Deno.test("checkPercentile() uses the nearest rank by default", () => {
  assertEquals(checkPercentile(0.9, {}, "set ash"), {
    percentile: 0.9,
    interpolation: "nearest",
  });
});
