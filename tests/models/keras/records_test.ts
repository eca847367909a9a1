import { assertEquals } from "@std/assert";
import { mapValues, sortedKeys } from "../../../lib/models/keras/records.ts";

Deno.test("mapValues() keeps the keys and changes the values", () => {
  assertEquals(mapValues({ a: 1, b: 2 }, (value) => value * 10), {
    a: 10,
    b: 20,
  });
});

Deno.test("sortedKeys() sorts by code points, as Python does", () => {
  // As UTF-16, "😀" (d83d de00) would stand before "｡" (ff61).
  const record = { "😀": 0, "｡": 0, b: 0, ab: 0, a: 0, Z: 0 };
  assertEquals(sortedKeys(record), ["Z", "a", "ab", "b", "｡", "😀"]);
});
