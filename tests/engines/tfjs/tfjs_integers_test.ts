/**
 * Integers beyond 2^24, which float32 cannot hold: several kernels of TF.js
 * compute in float32.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/math/seeded_random.ts";
import { onBackends, valuesOf } from "./_on_backends.ts";

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];
const random = seededRandom(3);
/** Integers of all sizes and both signs, not 0. */
const DRAWN = Array.from({ length: 400 }, () => {
  const size = 2 ** (31 * random());
  return Math.trunc((random() - 0.5) * 2 * size) || 1;
});
const A = [LEAST, MOST, MOST - 1, 16_777_217, -16_777_217, ...DRAWN];
const B = [7, -7, MOST, 3, -3, ...DRAWN.toReversed()];

Deno.test(
  "arithmetic of integers is exact",
  onBackends((ops) => {
    const [a, b] = [ops.ints(A), ops.ints(B)];
    const expected = (compute: (a: number, b: number) => number) =>
      A.map((x, i) => compute(x, B[i]!));
    const quotients = valuesOf(ops.floorDivide(a, b));
    assertEquals(quotients, expected((a, b) => Math.floor(a / b)));
    const rests = expected((a, b) => a - b * Math.floor(a / b));
    assertEquals(valuesOf(ops.mod(a, b)), rests);
    assertEquals(valuesOf(ops.add(a, b)), expected((a, b) => (a + b) | 0));
    assertEquals(valuesOf(ops.subtract(a, b)), expected((a, b) => (a - b) | 0));
    assertEquals(valuesOf(ops.maximum(a, b)), expected(Math.max));
    assertEquals(valuesOf(ops.minimum(a, b)), expected(Math.min));
  }),
);

Deno.test(
  "abs() and negative() of integers are exact",
  onBackends((ops) => {
    const a = ops.ints(A);
    assertEquals(valuesOf(ops.abs(a)), A.map((x) => Math.abs(x) | 0));
    assertEquals(valuesOf(ops.negative(a)), A.map((x) => -x | 0));
  }),
);
