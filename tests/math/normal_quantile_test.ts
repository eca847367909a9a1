import { assertEquals, assertThrows } from "@std/assert";
import { normalQuantile } from "../../lib/math/normal_quantile.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("normalQuantile() equals SciPy's quantiles", () => {
  // scipy.stats.norm.ppf of SciPy 1.17.1
  const expected: readonly (readonly [number, number])[] = [
    [0.005, -2.575829303548901],
    [0.025, -1.9599639845400545],
    [0.3, -0.5244005127080409],
    [0.51, 0.02506890825871106],
    [0.75, 0.6744897501960817],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
  ];
  for (const [p, z] of expected) {
    assertAllClose([normalQuantile(p)], [z], { rtol: 1e-12, atol: 1e-15 });
  }
  assertEquals(normalQuantile(0.5), 0);
});

Deno.test("normalQuantile() is odd about one half, and finite near the ends", () => {
  for (const p of [0.001, 0.125, 0.375]) {
    assertAllClose([normalQuantile(p)], [-normalQuantile(1 - p)], {
      rtol: 1e-12,
    });
  }
  // scipy.stats.norm.ppf; below 1e-14 a tail has three digits in float64.
  assertAllClose([normalQuantile(1e-6)], [-4.753424308822899], { rtol: 1e-10 });
  assertAllClose([normalQuantile(1e-14)], [-7.6506280929352695], {
    rtol: 1e-3,
  });
});

Deno.test("normalQuantile() refuses what is no probability between 0 and 1", () => {
  for (const p of [0, 1, -0.1, 2, NaN]) {
    assertThrows(() => normalQuantile(p), RangeError, `"p" must be`);
  }
});
