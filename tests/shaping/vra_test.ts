import { tf } from "../../lib/tf.ts";
import { assertThrows } from "@std/assert";
import { vra } from "../../lib/shaping/vra.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

for (const backend of PLAIN_BACKENDS) {
  Deno.test(`vra() sets what is low to 0 and clips what is high on ${backend}`, async () => {
    const row = [-3, 0.19, 0.2, 0.5, 1, 1.5, NaN];
    const { data } = await computeOn(
      backend,
      (ops) => vra(0.2, 1).apply(ops, tf.tensor2d([row])).penultimate,
    );
    assertAllClose(data, [0, 0, 0.2, 0.5, 1, 1, NaN]);
  });
}

Deno.test("vra() refuses bounds that are not finite or the wrong way round", () => {
  assertThrows(() => vra(NaN, 1), RangeError, `"low" must be finite`);
  assertThrows(() => vra(0, Infinity), RangeError, `"high" must be finite`);
  assertThrows(
    () => vra(2, 1),
    RangeError,
    `Cannot set vra as "low" must be <= "high", 1: current value is 2`,
  );
});
