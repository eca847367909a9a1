import { assertEquals } from "@std/assert";
import { assertAllClose } from "../support/all_close.ts";
import { sharedBins } from "../../lib/display/bins.ts";

const one = (values: number[]) => sharedBins([{ name: "a", values }]);

Deno.test("sharedBins() puts whole numbers in the middle of bins", () => {
  const { edges, counts } = sharedBins([
    { name: "a", values: [0, 0, 2] },
    { name: "b", values: [1, 3] },
  ]);
  assertEquals([...edges], [-0.5, 0.5, 1.5, 2.5, 3.5]);
  assertEquals(counts.map((c) => [...c]), [[2, 0, 1, 0], [0, 1, 0, 1]]);
});

Deno.test("sharedBins() takes the width of Freedman and Diaconis", () => {
  // 0, 0.01, …, 9.99: IQR 4.99, width 2 · 4.99 / 10 = 0.998, rounded to 1.
  const { edges, counts } = one(
    Array.from({ length: 1000 }, (_, i) => i / 100),
  );
  assertEquals([...edges], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals([...counts[0]!], Array(10).fill(100));
});

Deno.test("sharedBins() counts every finite value once", () => {
  const values = Array.from({ length: 997 }, (_, i) => Math.sin(i) ** 5 / 3);
  const { edges, counts, left } = one([...values, NaN, Infinity]);
  assertEquals(counts[0]!.reduce((sum, n) => sum + n), 997);
  assertEquals(left, [2]);
  const inBin = (i: number) =>
    values.filter((v) => v >= edges[i]! && v < edges[i + 1]!).length;
  assertEquals([...counts[0]!], Array.from(counts[0]!, (_, i) => inBin(i)));
});

Deno.test("sharedBins() makes one bin when all values are equal", () => {
  const { edges, counts } = one([3, 3]);
  assertEquals([...edges], [2.5, 3.5]);
  assertEquals([...counts[0]!], [2]);
  // Of their own size, so that the axis shows where they are.
  const tiny = one([-3e-11, -3e-11]).edges;
  assertAllClose(tiny, [-3.15e-11, -2.85e-11]);
});

Deno.test("sharedBins() makes no bins when nothing is finite", () => {
  const { edges, counts, left } = one([NaN]);
  assertEquals([edges.length, counts[0]!.length, left[0]], [0, 0, 1]);
});

Deno.test("sharedBins() stands values far apart and far from zero", () => {
  for (
    const values of [[-1.7e308, 0.5, 1.7e308], [1e15 + 0.5, 1e15 + 1], [
      5e-324,
      1e-323,
      0,
    ]]
  ) {
    const { edges, counts } = one(values);
    assertEquals(counts[0]!.reduce((sum, n) => sum + n), values.length);
    assertEquals(edges.every(Number.isFinite), true);
  }
});

Deno.test("sharedBins() has bins that contain the smallest and the largest numbers", () => {
  const most = Number.MAX_VALUE;
  for (const values of [[1e-310, 2e-310], [5e-324], [most], [-most]]) {
    const { edges, counts } = one(values);
    assertEquals([...counts[0]!], [values.length]);
    assertEquals(edges.every(Number.isFinite), true);
    assertEquals(edges[0]! <= values[0]! && edges[1]! >= values.at(-1)!, true);
    assertEquals(edges[0]! < edges[1]!, true);
  }
});
