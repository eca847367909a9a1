import { assertEquals } from "@std/assert";
import { evenly } from "../../lib/math/evenly.ts";

Deno.test("evenly() selects all of few rows, and evenly spaced ones of many", () => {
  assertEquals(evenly(0, 4), []);
  assertEquals(evenly(1, 4), [0]);
  assertEquals(evenly(3, 4), [0, 1, 2]);
  assertEquals(evenly(10, 4), [0, 3, 6, 9]);
  assertEquals(evenly(1000, 3), [0, 500, 999]);
  assertEquals(evenly(5, 1), [0]);
  assertEquals(evenly(5, 1.2).length, 2);
});
