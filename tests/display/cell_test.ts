import { assertEquals } from "@std/assert";
import {
  blockText,
  cellText,
  countText,
  digitsOf,
  escapeMarkup,
  lineText,
  middleText,
  namesText,
  numberText,
  shortText,
} from "../../lib/display/cell.ts";

Deno.test("numberText() writes whole numbers in full", () => {
  assertEquals([0, -0, 7, -9999, 10_000, -1_234_567].map(numberText), [
    "0",
    "0",
    "7",
    "-9999",
    "10,000",
    "-1,234,567",
  ]);
});

Deno.test("numberText() keeps four significant digits of others", () => {
  const values = [0.123456, -12.34567, 0.5, 1234.56, 1e-3];
  const expected = ["0.1235", "-12.35", "0.5", "1235", "0.001"];
  assertEquals(values.map(numberText), expected);
  assertEquals([1.23456e-5, 1.5e6 + 0.5, 1e300].map(numberText), [
    "1.235e-5",
    "1.5e+6",
    "1e+300",
  ]);
});

Deno.test("shortText() rounds what is large or fractional", () => {
  const values = [0, -7, 123_456, 1_234_567, 12.3456, 3.4e-11, -1e13, 5e-324];
  assertEquals(values.map((value) => shortText(value)), [
    ...["0", "-7", "123,456", "1.23e+6", "12.3", "3.4e-11", "-1e+13"],
    "4.94e-324",
  ]);
  assertEquals(shortText(1e9 + 1.5, 12), "1,000,000,001.5");
});

Deno.test("digitsOf() tells the values of a range apart", () => {
  const ranges = [[0, 1], [-1, 1], [1e9, 1e9 + 4], [5, 5], [0, 0]] as const;
  assertEquals(ranges.map(([low, high]) => digitsOf(low, high)), [
    ...[3, 3, 11, 3, 3],
  ]);
  assertEquals(digitsOf(-1.7e308, 1.7e308), 3);
});

Deno.test("countText() counts one and many", () => {
  assertEquals(
    [0, 1, 2, 10_000].map((count) => countText(count, "sample")),
    ["0 samples", "1 sample", "2 samples", "10,000 samples"],
  );
});

Deno.test("numberText() names what is not finite", () => {
  assertEquals([NaN, Infinity, -Infinity].map(numberText), [
    "NaN",
    "Infinity",
    "-Infinity",
  ]);
});

Deno.test("lineText() writes out what could steer a terminal", () => {
  assertEquals(lineText("a\x1b[31m\nb\u202e"), "a\\u001b[31m\\nb\\u202e");
});

Deno.test("lineText() shortens to the requested length", () => {
  assertEquals(lineText("abcdef", 4), "abc…");
  assertEquals(lineText("ab😀cd", 4), "ab…"); // half a character is none
});

Deno.test("blockText() keeps lines", () => {
  assertEquals(blockText("a\r\nb\tc\x07"), "a\nb  c\\u0007");
});

Deno.test("cellText() writes null as nothing", () => {
  assertEquals(cellText(null), "");
  assertEquals(cellText("a\nb"), "a\\nb");
  assertEquals(cellText(1e-9), "1e-9");
});

Deno.test("escapeMarkup() escapes text and attributes", () => {
  assertEquals(
    escapeMarkup(`<a href="x">'&'`),
    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;",
  );
});

Deno.test("blockText() keeps a long text whole, as it is the caller's", () => {
  const text = `${"x".repeat(3000)} "${"y".repeat(3000)}"`;
  assertEquals(blockText(text), text);
});

Deno.test("namesText() says how many names are left out", () => {
  const names = Array.from({ length: 11 }, (_, i) => `n${i}`);
  assertEquals(namesText(names), "n0, n1, n2, n3, n4, n5, n6, n7 and 3 more");
  assertEquals(namesText(names.slice(0, 2), 2), "n0, n1");
  assertEquals(namesText([]), "");
});

Deno.test("middleText() keeps beginning and end, which tell names apart", () => {
  assertEquals(
    middleText("a class with a long name, number 7", 24),
    "a class with …, number 7",
  );
  assertEquals(middleText("short", 5), "short");
  assertEquals([...middleText("猫".repeat(30), 9)].length, 9);
});
