import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { seededRandom } from "../../lib/math/seeded_random.ts";

function draw(seed: number, count: number): number[] {
  return Array.from({ length: count }, seededRandom(seed));
}

Deno.test("seededRandom() repeats itself when the seed is the same", () => {
  assertEquals(draw(3, 100), draw(3, 100));
  assertNotEquals(draw(3, 100), draw(4, 100));
});

Deno.test("seededRandom() is even over [0, 1)", () => {
  const bins = new Array(16).fill(0);
  for (const value of draw(1, 64_000)) bins[Math.floor(value * 16)]++;
  assertEquals(bins.length, 16);
  // 4000 each; standard deviation 61, so 5 of them.
  for (const count of bins) assert(Math.abs(count - 4000) < 306, `${bins}`);
});

Deno.test("seededRandom() returns neighbours that are not correlated", () => {
  const values = draw(2, 50_000);
  let sum = 0;
  for (let i = 1; i < values.length; i++) {
    sum += (values[i]! - 0.5) * (values[i - 1]! - 0.5);
  }
  // Standard deviation 1 / 12 / sqrt(50000) = 0.00037.
  assert(Math.abs(sum / values.length) < 0.002, `${sum}`);
});
