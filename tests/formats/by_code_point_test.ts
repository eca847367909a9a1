import { assertEquals } from "@std/assert";
import { byCodePoint } from "../../lib/formats/by_code_point.ts";

Deno.test("byCodePoint() sorts as Python's sorted() does", () => {
  // sorted(["é", "z", "Z", "", "a1", "a", "a10", "a2", "\uff5e", "😀", "😁b", "😁"])
  const sorted = ["", "Z", "a", "a1", "a10", "a2", "z", "é", "～"];
  sorted.push("😀", "😁", "😁b");
  assertEquals(sorted.toReversed().sort(byCodePoint), sorted);
  assertEquals(["～", "😀"].toSorted(), ["😀", "～"]); // JavaScript's own
});

Deno.test("byCodePoint() compares a lone half of a pair by itself", () => {
  assertEquals(byCodePoint("\ud83d", "😀") < 0, true);
  assertEquals(byCodePoint("😀", "😀"), 0);
});
