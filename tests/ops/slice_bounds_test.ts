import { assertEquals, assertThrows } from "@std/assert";
import { sliceBounds } from "../../lib/ops/slice_bounds.ts";

Deno.test("sliceBounds() takes start, stop and step as Python does", () => {
  const bounds = (range: { start?: number; stop?: number; step?: number }) => {
    const { start, length, step } = sliceBounds(7, { axis: 0, ...range });
    return [start, length, step];
  };
  assertEquals(bounds({}), [0, 7, 1]);
  assertEquals(bounds({ start: -2 }), [5, 2, 1]);
  assertEquals(bounds({ stop: -2 }), [0, 5, 1]);
  assertEquals(bounds({ start: -9, stop: 99 }), [0, 7, 1]);
  assertEquals(bounds({ start: 1, step: 3 }), [1, 2, 3]);
  assertEquals(bounds({ start: 5, stop: 2 }), [5, 0, 1]);
  assertThrows(() => bounds({ step: 0 }), RangeError, '"step"');
  assertThrows(() => bounds({ step: 1.5 }), RangeError, '"step"');
});
