import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { expRatio, maskAbove, scale } from "../../lib/shaping/scale.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const ROW = [0.1, 0.5, 2, 3, 0, 1, 0.2, 4];

for (const backend of PLAIN_BACKENDS) {
  // Σ a = 10.8. Above 2: 3 + 4 = 7, exp(10.8 / 7) = 4.677937. Above 1.55: 9, exp(1.2).
  // Above 3: 4, exp(2.7). Above 2.95: 7 again.
  for (
    const [percentile, interpolation, factor] of [
      [0.65, "nearest", 4.677937],
      [0.65, "linear", 3.320117],
      [0.85, "nearest", 14.8797],
      [0.85, "linear", 4.677937],
    ] as const
  ) {
    Deno.test(`scale() multiplies by ${factor} at ${percentile} ${interpolation} on ${backend}`, async () => {
      const { data } = await computeOn(
        backend,
        (ops) =>
          scale(percentile, { interpolation }).apply(ops, tf.tensor2d([ROW]))
            .penultimate,
      );
      assertAllClose(data, ROW.map((a) => a * factor), { rtol: 1e-5 });
    });
  }

  Deno.test(`scale() leaves a row as it is where nothing exceeds the percentile on ${backend}`, async () => {
    const rows = [[2, 2, 2], [0, 0, 0], [0, 1, 3]];
    const { data } = await computeOn(
      backend,
      (ops) => scale(0.5).apply(ops, tf.tensor2d(rows)).penultimate,
    );
    const factor = Math.exp(4 / 3);
    assertAllClose(data, [2, 2, 2, 0, 0, 0, 0, factor, 3 * factor]);
  });

  Deno.test(`scale() returns the factor of each row, infinite where it overflows, on ${backend}`, async () => {
    // Above the median of the first: −90 + 91 = 1, and the sum is 200: exp(200).
    const rows = [[-90, 91, -90.5, 289.5], [1, 1, 2, 2]];
    const { data, shape } = await computeOn(backend, (ops) => {
      const { scale: factor } = scale(0.4).apply(ops, tf.tensor2d(rows));
      return factor!;
    });
    assertEquals(shape, [2, 1]);
    assertAllClose(data, [Math.exp(200 / 380.5), Math.exp(6 / 4)]);
    const { data: huge } = await computeOn(
      backend,
      (ops) =>
        expRatio(ops, tf.tensor2d([[200, 1, -1]]), tf.tensor2d([[0, 1, 0]])),
    );
    assertEquals(huge[0], Infinity);
  });

  Deno.test(`expRatio() is infinite where what is kept adds up to nothing on ${backend}`, async () => {
    // −3 / 0 would be −∞, and the factor 0; the second row keeps nothing at all.
    const { data } = await computeOn(
      backend,
      (ops) =>
        expRatio(
          ops,
          tf.tensor2d([[-1, 1, -3], [-1, 1, -3], [-2, 1, -3], [NaN, 1, 1]]),
          tf.tensor2d([[1, 1, 0], [0, 0, 0], [1, 1, 0], [1, 1, 1]]),
        ),
    );
    assertAllClose(data, [Infinity, 1, Math.exp(4), NaN]);
  });

  Deno.test(`scale() keeps a NaN in its row, and other rows unharmed on ${backend}`, async () => {
    const { data } = await computeOn(
      backend,
      (ops) =>
        scale(0.5).apply(ops, tf.tensor2d([[NaN, 1, 2], [0, 1, 3]]))
          .penultimate,
    );
    // One NaN is enough: every logit of the row becomes NaN with it.
    assertEquals([...data.slice(0, 3)].some(Number.isNaN), true);
    assertAllClose(data.slice(3), [0, Math.exp(4 / 3), 3 * Math.exp(4 / 3)]);
  });
}

Deno.test("maskAbove() is strict", async () => {
  const { data } = await computeOn(
    "cpu",
    (ops) => maskAbove(ops, tf.tensor2d([[1, 2, 3]]), tf.tensor2d([[2]])),
  );
  assertEquals([...data], [0, 0, 1]);
});
