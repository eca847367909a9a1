import { assertEquals } from "@std/assert";
import { breakLine, textColumns } from "../../lib/display/text_columns.ts";

Deno.test("textColumns() counts wide characters twice, and marks not at all", () => {
  const columns: Readonly<Record<string, number>> = {
    "": 0,
    "conv1": 5,
    "Überschrift …": 13,
    "层a": 3,
    "ｆｕｌｌ": 8,
    "한글": 4,
    "e\u0301": 1,
    "👩‍👩‍👧": 2,
    "🙂!": 3,
    "−1 × 2 ≤ α": 10,
  };
  for (const [text, count] of Object.entries(columns)) {
    assertEquals(textColumns(text), count, text);
  }
});

Deno.test("breakLine() breaks after spaces and marks, or anywhere", () => {
  assertEquals(breakLine("short", 5), ["short"]);
  assertEquals(breakLine("one two three", 8), ["one two", "three"]);
  assertEquals(breakLine("backbone/conv1/relu", 12), [
    "backbone/",
    "conv1/relu",
  ]);
  assertEquals(breakLine("x".repeat(7), 3), ["xxx", "xxx", "x"]);
  assertEquals(breakLine("层层层", 5), ["层层", "层"]);
  assertEquals(breakLine("a bcdefghij", 6), ["a bcde", "fghij"]);
});
