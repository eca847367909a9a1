import { assert, assertEquals } from "@std/assert";
import {
  axisOf,
  indexAxis,
  niceStep,
  shareOf,
  valueAt,
} from "../../lib/display/axis.ts";
import { assertAllClose } from "../support/all_close.ts";

const labels = (low: number, high: number, count = 5) =>
  axisOf(low, high, { count, isNice: true }).labels;

Deno.test("axisOf() writes ticks with the digits that tell them apart", () => {
  assertEquals(labels(0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  assertEquals(labels(-0.004, 0), [
    "-0.004",
    "-0.003",
    "-0.002",
    "-0.001",
    "0",
  ]);
  assertEquals(labels(0, 4.2e-11), [
    "0",
    "1e-11",
    "2e-11",
    "3e-11",
    "4e-11",
    "5e-11",
  ]);
  assertEquals(labels(-30_000, 20_000), [
    ...["-30,000", "-20,000", "-10,000", "0", "10,000", "20,000"],
  ]);
  assertEquals(labels(0, 5e12), [
    "0",
    "1e+12",
    "2e+12",
    "3e+12",
    "4e+12",
    "5e+12",
  ]);
  assertEquals(labels(1e9, 1e9 + 2, 2), [
    "1,000,000,000",
    "1,000,000,001",
    "1,000,000,002",
  ]);
  assertEquals(labels(1, 1 + 2e-9, 2), ["1", "1.000000001", "1.000000002"]);
});

Deno.test("axisOf() puts its ticks where their values are", () => {
  const { domain, ticks } = axisOf(0.3, 2.7, { count: 3 });
  assertEquals(domain, [0.3, 2.7]);
  assertAllClose(ticks, [0.7 / 2.4, 1.7 / 2.4]);
  const nice = axisOf(0.3, 2.7, { count: 3, isNice: true });
  assertEquals(nice.domain, [0, 3]);
  assertAllClose(nice.ticks, [0, 1 / 3, 2 / 3, 1]);
});

Deno.test("axisOf() gives equal values an axis around them", () => {
  for (const value of [0, 5, -5, 3.4e-11, -1e300, 1.7e308, 5e-324]) {
    const { domain, labels } = axisOf(value, value, { count: 5, isNice: true });
    assert(domain[0] < domain[1], `${value}: ${domain}`);
    assert(domain[0] <= value && value <= domain[1]);
    assert(labels.length >= 2 && new Set(labels).size === labels.length);
  }
});

Deno.test("axisOf() counts in whole numbers where only these occur", () => {
  const { labels } = axisOf(0, 2, { count: 6, isNice: true, isWhole: true });
  assertEquals(labels, ["0", "1", "2"]);
});

Deno.test("axisOf() covers all of float64", () => {
  const most = Number.MAX_VALUE;
  const { domain, ticks, labels } = axisOf(-most, most, {
    count: 5,
    isNice: true,
  });
  assertEquals(domain, [-most, most]);
  assert(ticks.every((tick) => tick >= 0 && tick <= 1));
  assertEquals(labels, ["-1e+308", "0", "1e+308"]);
});

Deno.test("shareOf() does not overflow", () => {
  assertEquals(shareOf(0, [-1.7e308, 1.7e308]), 0.5);
  assertEquals(shareOf(3, [1, 5]), 0.5);
});

Deno.test("valueAt() gives decimals that are rounded once", () => {
  const tenth = niceStep(0.1);
  assertEquals([3, 6, 7].map((k) => valueAt(k, tenth)), [0.3, 0.6, 0.7]);
});

Deno.test("indexAxis() labels as many cells as there is space for", () => {
  const shared = { factor: 3, names: undefined, size: 10 };
  const few = indexAxis({ ...shared, count: 3, length: 100, isAcross: true });
  assertEquals(few.labels, ["0", "3", "6"]);
  assertAllClose(few.ticks, [1 / 6, 3 / 6, 5 / 6]);
  const many = indexAxis({ ...shared, count: 100, length: 130 });
  assertEquals(many.labels.slice(0, 3), ["0", "30", "60"]);
});

Deno.test("indexAxis() rotates names that have no space side by side", () => {
  const names = ["aeroplane", "bicycle", "motorbike"];
  const shared = { count: 3, factor: 1, names, size: 10, isAcross: true };
  assertEquals(indexAxis({ ...shared, length: 300 }).isRotated, false);
  const narrow = indexAxis({ ...shared, length: 60 });
  assertEquals([narrow.isRotated, narrow.labels], [true, names]);
});
