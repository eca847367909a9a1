import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import { quantile, QuantileSketch } from "../../lib/math/quantile.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { assertAllClose } from "../support/all_close.ts";

Deno.test("quantile() is linear between neighbours in rank", () => {
  // Sorted 1, 2, 4, 8; positions 3q.
  const values = [8, 1, 4, 2];
  assertEquals(quantile(values, 0), 1);
  assertEquals(quantile(values, 1), 8);
  assertEquals(quantile(values, 0.5), 3);
  assertAllClose([quantile(values, 0.9)], [6.8], { rtol: 1e-15 });
  assertAllClose([quantile(values, 0.1)], [1.3], { rtol: 1e-15 });
  assertEquals(values, [8, 1, 4, 2]);
  assertEquals(quantile(Float32Array.of(3), 0.3), 3);
});

Deno.test("quantile() leaves the array as it was when it is a typed one", () => {
  const values = Float32Array.of(3, 1, 2);
  assertEquals(quantile(values, 0.5), 2);
  assertEquals(values, Float32Array.of(3, 1, 2));
});

Deno.test("quantile() is infinite when a neighbour is", () => {
  assertEquals(quantile([-Infinity, 0], 0.25), -Infinity);
  assertEquals(quantile([0, Infinity], 0.25), Infinity);
  assertEquals(quantile([0, 1, Infinity], 0.5), 1);
  assertEquals(quantile([Infinity, Infinity], 0.5), Infinity);
});

Deno.test("quantile() refuses what has none", () => {
  assertThrows(() => quantile([], 0.5), RangeError, "at least one value");
  assertThrows(() => quantile([1, NaN], 0.5), RangeError, "value 1 is");
  for (const q of [-0.1, 1.1, NaN]) {
    assertThrows(() => quantile([1], q), RangeError, `"q" must be in [0, 1]`);
  }
});

Deno.test("QuantileSketch is exact up to its limit, however values come", () => {
  const random = seededRandom(7);
  const values = Float32Array.from({ length: 1000 }, random);
  const sketch = new QuantileSketch({ exactLimit: 1000, bufferSize: 64 });
  for (let i = 0; i < 1000; i += 37) sketch.add(values.subarray(i, i + 37));
  assertEquals([sketch.count, sketch.rankError], [1000, 0]);
  for (const q of [0, 0.1, 0.5, 0.9, 0.999, 1]) {
    assertEquals(sketch.quantile(q), quantile(values, q));
  }
});

const STREAMS: Record<string, (i: number, n: number) => number> = {
  sorted: (i) => i,
  reversed: (i, n) => n - i,
  constant: () => 5,
  shuffled: (i, n) => (i * 7919) % n,
  heavy: (i, n) => Math.floor(((i * 7919) % n) / 1000) ** 3,
};

for (const [name, value] of Object.entries(STREAMS)) {
  Deno.test(`QuantileSketch keeps to its rank error when values are ${name}`, () => {
    const n = 100_003;
    const values = Float32Array.from({ length: n }, (_, i) => value(i, n));
    const sketch = new QuantileSketch({ exactLimit: 5000, bufferSize: 256 });
    for (let i = 0; i < n; i += 1000) sketch.add(values.subarray(i, i + 1000));
    const bound = sketch.rankError;
    assertGreater(bound, 0);
    // 0.5 / 256 a level and 9 levels are 0.0176; an odd halving each is 0.0026.
    assertLess(bound, 0.0202);
    const sorted = values.slice().sort();
    for (let q = 0; q <= 1; q += 1 / 64) {
      const found = sketch.quantile(q);
      // Ranks that the value has, or would have.
      const low = sorted.findIndex((v) => v >= found);
      const high = sorted.findLastIndex((v) => v <= found);
      assert(low >= 0 && high >= 0, `${found} is out of range`);
      const at = (n - 1) * q;
      const off = Math.max(
        0,
        Math.min(low, high) - at,
        at - Math.max(low, high),
      );
      assert(off <= bound * n, `rank of ${found} at ${q} is off by ${off}`);
    }
  });
}

Deno.test("QuantileSketch keeps its weights when the limit is crossed inside one add", () => {
  // 16 values by buffers of 4, all halved: 8 of weight 2, of them two full
  // buffers halved to 4 of weight 4, halved to 2 of weight 8.
  const sketch = new QuantileSketch({ exactLimit: 0, bufferSize: 4 });
  sketch.add(Float32Array.from({ length: 16 }, (_, i) => i));
  // Level 0: even, odd, even, odd positions: 0 2 | 5 7 | 8 10 | 13 15;
  // level 1: even of 0 2 5 7: 0 5; odd of 8 10 13 15: 10 15; level 2, even: 0 10.
  assertEquals([sketch.quantile(0), sketch.quantile(1)], [0, 10]);
  assertEquals(sketch.quantile(7 / 15), 0);
  assertAllClose([sketch.quantile(7.5 / 15)], [5]);
  // Even: 2 at weight 1, 1 at weight 2, 1 at weight 4: 8; and 1.
  assertEquals(sketch.rankError, 9 / 16);
});

Deno.test("QuantileSketch adds nothing when a value is NaN", () => {
  const sketch = new QuantileSketch();
  sketch.add(Float32Array.of(1, 2));
  const bad = () => sketch.add(Float32Array.of(3, NaN));
  assertThrows(bad, RangeError, "as value 3 is");
  assertEquals([sketch.count, sketch.quantile(1)], [2, 2]);
});

Deno.test("QuantileSketch refuses settings and quantiles out of range", () => {
  const make = (options: object) => () => new QuantileSketch(options);
  assertThrows(make({ exactLimit: -1 }), RangeError, "exactLimit");
  assertThrows(make({ bufferSize: 1 }), RangeError, "bufferSize");
  assertThrows(make({ bufferSize: 3 }), RangeError, "must be even");
  const sketch = new QuantileSketch();
  assertThrows(() => sketch.quantile(0.5), RangeError, "at least one value");
  sketch.add(Float32Array.of(1));
  assertThrows(() => sketch.quantile(2), RangeError, `"q" must be`);
});
