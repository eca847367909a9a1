import { tf } from "../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { ash } from "../../lib/shaping/ash.ts";
import { assertAllClose } from "../support/all_close.ts";
import { computeOn, PLAIN_BACKENDS } from "../support/on_backends.ts";

const ROW = [0.1, 0.5, 2, 3, 0, 1, 0.2, 4]; // at .65 nearest the bound is 2

for (const backend of PLAIN_BACKENDS) {
  for (
    const [variant, three, four] of [
      ["s", 3 * Math.exp(10.8 / 7), 4 * Math.exp(10.8 / 7)],
      ["p", 3, 4],
      ["b", 5.4, 5.4], // 10.8 over the two that are left
    ] as const
  ) {
    Deno.test(`ash() of variant "${variant}" keeps what exceeds the percentile on ${backend}`, async () => {
      const { data } = await computeOn(
        backend,
        (ops) =>
          ash(0.65, { variant }).apply(ops, tf.tensor2d([ROW])).penultimate,
      );
      assertAllClose(data, [0, 0, 0, three, 0, 0, 0, four]);
    });

    Deno.test(`ash() of variant "${variant}" leaves a row without any as it is on ${backend}`, async () => {
      const { data } = await computeOn(
        backend,
        (ops) =>
          ash(0.9, { variant }).apply(
            ops,
            tf.tensor2d([[3, 3, 3], [-1, -1, -1]]),
          )
            .penultimate,
      );
      assertAllClose(data, [3, 3, 3, -1, -1, -1]);
    });
  }
}

Deno.test("ash() is variant s by default, also in its settings", async () => {
  assertEquals(ash(0.8).settings, {
    percentile: 0.8,
    interpolation: "nearest",
    variant: "s",
  });
  const [plain, named] = await Promise.all(
    [ash(0.65), ash(0.65, { variant: "s" })].map((shaping) =>
      computeOn(
        "cpu",
        (ops) => shaping.apply(ops, tf.tensor2d([ROW])).penultimate,
      )
    ),
  );
  assertEquals(plain!.data, named!.data);
});

Deno.test("ash() refuses a variant that is not known", () => {
  assertThrows(
    () => ash(0.8, { variant: "x" as "s" }),
    RangeError,
    `"variant" must be one of "s", "p", "b": current value is "x"`,
  );
});
