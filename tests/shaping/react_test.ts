import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { react } from "../../lib/shaping/react.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

for (const backend of PLAIN_BACKENDS) {
  Deno.test(`react() clips from above and lets negative values pass on ${backend}`, async () => {
    const { data } = await computeOn(
      backend,
      (ops) =>
        react(0.9).apply(ops, tf.tensor2d([[-5, 0, 0.9, 0.91, 1e30]]))
          .penultimate,
    );
    assertAllClose(data, [-5, 0, 0.9, 0.9, 0.9]);
  });

  Deno.test(`react() keeps NaN and clips infinity on ${backend}`, async () => {
    const row = [NaN, Infinity, -Infinity];
    const { data } = await computeOn(
      backend,
      (ops) => react(1).apply(ops, tf.tensor2d([row])).penultimate,
    );
    assertAllClose(data, [NaN, 1, -Infinity]);
  });
}

Deno.test("react() accepts maps as well as vectors", async () => {
  const { shape } = await computeOn(
    "cpu",
    (ops) => react(1).apply(ops, tf.ones([2, 3, 4])).penultimate,
  );
  assertEquals(shape, [2, 3, 4]);
  assertEquals(react(1).needsVectors, false);
});

Deno.test("react() refuses a threshold that is no finite number", () => {
  for (const wrong of [NaN, Infinity, -Infinity]) {
    assertThrows(() => react(wrong), RangeError, `"threshold" must be finite`);
  }
  assertThrows(
    () => react("1" as never),
    TypeError,
    `"threshold" must be finite`,
  );
});
