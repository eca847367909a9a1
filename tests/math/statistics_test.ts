import { assertEquals } from "@std/assert";
import { extremes, statistics } from "../../lib/math/statistics.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("statistics() measures the finite values and counts the others", () => {
  // Finite: 0, -0, 2, 6. Mean 2, deviations 2, 2, 0, 4: variance 24 / 4.
  const values = Float32Array.of(0, NaN, -0, 2, Infinity, 6, -Infinity);
  const { std, ...rest } = statistics(values);
  assertAllClose([std], [Math.sqrt(6)], { rtol: 1e-15 });
  assertEquals(rest, {
    count: 7,
    mean: 2,
    min: 0,
    max: 6,
    zeros: 2,
    nan: 1,
    infinite: 2,
  });
});

Deno.test("statistics() returns NaN when no value is finite", () => {
  for (const values of [[], [NaN, Infinity]]) {
    const { mean, std, min, max, count } = statistics(values);
    assertEquals([mean, std, min, max], [NaN, NaN, NaN, NaN]);
    assertEquals(count, values.length);
  }
});

Deno.test("statistics() keeps the deviation when the mean is large", () => {
  const { mean, std } = statistics([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  assertEquals(mean, 1e9 + 10);
  assertAllClose([std], [Math.sqrt(22.5)], { rtol: 1e-12 });
});

Deno.test("statistics() does not overflow when squares or sums would", () => {
  const { mean, std } = statistics([1e308, 1e308, 1e308, 1e308]);
  assertAllClose([mean, std], [1e308, 0]);
  assertAllClose([statistics([-1e200, 1e200]).std], [1e200]);
});

Deno.test("statistics() returns 0 as deviation when all values are equal", () => {
  assertEquals(statistics([0.1, 0.1, 0.1]).std < 1e-16, true);
  assertEquals(statistics(Int32Array.of(5)).std, 0);
});

Deno.test("extremes() are those of the finite values", () => {
  assertEquals(extremes([3, NaN, -1, Infinity, -Infinity]), [-1, 3]);
  assertEquals(extremes([2]), [2, 2]);
  assertEquals(extremes([NaN, Infinity]), undefined);
  assertEquals(extremes([]), undefined);
});

Deno.test("statistics() of equal values has their mean, and no deviation", () => {
  const { mean, std } = statistics(new Float64Array(1000).fill(0.1));
  assertEquals([mean, std], [0.1, 0]); // the sum of 1000 is 99.9999999999986
});
