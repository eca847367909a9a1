import { assertEquals, assertThrows } from "@std/assert";
import {
  axesOf,
  axisOf,
  broadcast,
  countOf,
  sameSize,
} from "../../lib/ops/shapes.ts";

Deno.test("countOf() is the product, or null when a size is not known", () => {
  assertEquals(countOf([2, 3, 4]), 24);
  assertEquals(countOf([]), 1);
  assertEquals(countOf([2, null]), null);
  assertEquals(countOf([0, 5]), 0);
});

Deno.test("axisOf() and axesOf() count negative axes from the end", () => {
  assertEquals(axisOf(-1, 3), 2);
  assertEquals(axisOf(0, 3), 0);
  assertEquals(axesOf([-1, 0], 3), [2, 0]);
  assertEquals(axesOf(undefined, 2), [0, 1]);
  assertThrows(() => axisOf(3, 3), RangeError, "one of the 3");
  assertThrows(() => axisOf(-4, 3), RangeError, "one of the 3");
  assertThrows(() => axisOf(0.5, 3), RangeError, "one of the 3");
});

Deno.test("broadcast() goes from the last axis, as NumPy does", () => {
  assertEquals(broadcast([3, 1], [4]), [3, 4]);
  assertEquals(broadcast([], [2, 3]), [2, 3]);
  assertEquals(broadcast([null, 1], [1, 5]), [null, 5]);
  assertEquals(broadcast([null], [4]), [4]);
  assertEquals(broadcast([null], [null]), [null]);
  assertThrows(() => broadcast([3], [4]), TypeError, "[3]");
});

Deno.test("sameSize() throws when both are known and differ", () => {
  assertEquals(sameSize(null, 3, () => ""), 3);
  assertEquals(sameSize(3, null, () => ""), 3);
  assertEquals(sameSize(null, null, () => ""), null);
  assertThrows(() => sameSize(3, 4, () => "not so"), TypeError, "not so");
});
