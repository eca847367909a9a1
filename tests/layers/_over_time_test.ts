import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import { overTime } from "../../lib/layers/_over_time.ts";
import type { Ops } from "../../lib/ops/ops.ts";
import { withUnknownSizes } from "../support/unknown_sizes.ts";

await tf.setBackend("cpu");

// Two rows of three places of two numbers, and one number beside each place.
const X = { data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], shape: [2, 3, 2] };
const Y = { data: [1, 0, 2, 0, 3, 0], shape: [2, 3, 1] };

/** Each place's sum, and the place times what stands beside it. */
function sumAndProduct<T>(ops: Ops<T>, [x, y]: readonly T[]): T[] {
  return [ops.sum(x!, { axis: [1] }), ops.multiply(x!, y!)];
}

const SUM = { data: [3, 7, 11, 15, 19, 23], shape: [2, 3] };
const PRODUCT = {
  data: [1, 2, 0, 0, 10, 12, 0, 0, 27, 30, 0, 0],
  shape: [2, 3, 2],
};

Deno.test("overTime() computes all positions at once when the length is known", () => {
  let numCalls = 0;
  tf.tidy(() => {
    const ops = new TfjsOps();
    const inputs = [X, Y].map(({ data, shape }) => tf.tensor(data, shape));
    const made = overTime<tf.Tensor>(ops, inputs, (positions) => {
      numCalls++;
      assertEquals(positions.map(({ shape }) => shape), [[6, 2], [6, 1]]);
      return sumAndProduct<tf.Tensor>(ops, positions);
    });
    assertEquals(
      made.map((y) => ({ data: [...y.dataSync()], shape: y.shape })),
      [SUM, PRODUCT],
    );
  });
  assertEquals(numCalls, 1);
});

Deno.test("overTime() loops over positions when the length is unknown", async () => {
  const made = await withUnknownSizes(
    [X, Y],
    (ops, inputs) =>
      overTime(ops, inputs, (positions) => {
        assertEquals(positions.map(({ shape }) => shape.length), [2, 2]);
        return sumAndProduct(ops, positions);
      }),
  );
  assertEquals(made, [SUM, PRODUCT]);
});
