import { assertEquals, assertThrows } from "@std/assert";
import { inOrder } from "../../../lib/models/graph/in_order.ts";

function ordered(
  waits: Record<string, string[]>,
  onCycle?: (one: string) => void,
) {
  return inOrder(Object.keys(waits), (one) => waits[one]!, onCycle).join("");
}

Deno.test("inOrder() puts each after what it waits for, else as they come", () => {
  assertEquals(ordered({ a: [], b: ["a"], c: [], d: ["b", "c"] }), "abcd");
  assertEquals(ordered({ d: ["b", "c"], c: [], b: ["a"], a: [] }), "abcd");
  assertEquals(ordered({ a: ["c"], b: [], c: ["b"] }), "bca");
});

Deno.test("inOrder() tells of what waits for itself, and goes on if it may", () => {
  const cycles: string[] = [];
  const found = ordered(
    { a: ["b"], b: ["c"], c: ["a"], d: ["d"] },
    (one) => cycles.push(one),
  );
  assertEquals([...found].sort().join(""), "abcd");
  assertEquals(cycles, ["a", "d"]);
  assertThrows(() =>
    ordered({ a: ["a"] }, () => {
      throw new RangeError("a cycle");
    }), RangeError);
});

Deno.test("inOrder() takes a long chain without running out of stack", () => {
  const size = 200_000;
  const all = Array.from({ length: size }, (_, i) => i);
  const found = inOrder(all, (i) => i + 1 < size ? [i + 1] : []);
  assertEquals(found[0], size - 1);
  assertEquals(found.length, size);
});
