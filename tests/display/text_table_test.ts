import { assert, assertEquals } from "@std/assert";
import { textColumns } from "../../lib/display/text_columns.ts";
import { tableLines } from "../../lib/display/text_table.ts";

const TABLE = {
  names: ["layer", "shape", "mean", "std"],
  sides: ["left", "left", "right", "right"],
  head: [["a", "[2]", "1.5", "0"], ["层层", "[2, 3]", "-20", "0.5"]],
  left: 0,
  tail: [],
} as const;

Deno.test("tableLines() aligns columns with wide characters", () => {
  assertEquals(tableLines(TABLE, Infinity), [
    "layer  shape   mean  std",
    "-----  ------  ----  ---",
    "a      [2]      1.5    0",
    "层层   [2, 3]   -20  0.5",
  ]);
});

Deno.test("tableLines() breaks long strings into lines where the terminal is narrow", () => {
  const neighbors = "one/a.jpg (0.1), two/b.jpg (0.2), three/c.jpg (0.3)";
  const table = {
    names: ["query", "neighbours"],
    sides: ["left", "left"],
    head: [["q.jpg", neighbors], ["r.jpg", "one"]],
    left: 3,
    tail: [["z.jpg", "two"]],
  } as const;
  assertEquals(tableLines(table, 32), [
    "query  neighbours",
    "-----  -------------------------",
    "q.jpg  one/a.jpg (0.1),",
    "       two/b.jpg (0.2),",
    "       three/c.jpg (0.3)",
    "r.jpg  one",
    "… 3 more rows …",
    "z.jpg  two",
  ]);
});

Deno.test("tableLines() puts columns that have no space into a table below", () => {
  assertEquals(tableLines(TABLE, 17), [
    "layer  shape",
    "-----  ------",
    "a      [2]",
    "层层   [2, 3]",
    "",
    "layer  mean  std",
    "-----  ----  ---",
    "a       1.5    0",
    "层层    -20  0.5",
  ]);
});

Deno.test("tableLines() keeps within the terminal, and loses nothing", () => {
  const names = Array.from({ length: 9 }, (_, i) => `name ${i}`);
  const text = "block/一个很长的名字/convolution of many words " +
    "x".repeat(40);
  const table = {
    names,
    sides: names.map((_, i) => i % 3 === 0 ? "left" : "right"),
    head: [names.map((_, i) => i % 3 === 0 ? `${text}${i}` : `${i}.25`)],
    left: 0,
    tail: [],
  } as const;
  for (const width of [40, 60, 80, 200]) {
    const lines = tableLines(table, width);
    for (const line of lines) assert(textColumns(line) <= width, line);
    const letters = (value: string) => value.replaceAll(/[\s-]/g, "").length;
    // Each table begins with the first column.
    const first = letters(names[0]!) + letters(`${text}0`);
    const tables = lines.filter((line) => line === "").length;
    const all = [...names, ...table.head[0]!].join("");
    assertEquals(letters(lines.join("")), letters(all) + tables * first);
  }
});
