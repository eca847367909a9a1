import { assertEquals, assertThrows } from "@std/assert";
import { parseLooseJson } from "../../lib/formats/loose_json.ts";

Deno.test("parseLooseJson() reads what JSON.parse reads", () => {
  const strings = [
    '{"a": [1, -2.5e3, true, false, null], "b": {"c": "x\\n\\u00e9\\"\\\\"}}',
    " [ ] ",
    "{}",
    '"text"',
    "0",
    '{"größe": "日本"}',
  ];
  for (const text of strings) {
    assertEquals(parseLooseJson(text, "x"), JSON.parse(text));
    const bytes = new TextEncoder().encode(text);
    assertEquals(parseLooseJson(bytes, "x"), JSON.parse(text));
  }
});

Deno.test("parseLooseJson() reads Python's numbers that JSON lacks", () => {
  assertEquals(
    parseLooseJson('[NaN, Infinity, -Infinity, {"a": NaN}]', "x"),
    [NaN, Infinity, -Infinity, { a: NaN }],
  );
});

const REFUSED: Readonly<Record<string, string>> = {
  '{"a": 1,}': "line 1, column 9",
  '{"a": 1\n"b": 2}': "line 2, column 1",
  "[1, 2": "the end",
  '"abc': "a string must end",
  '"a\nb"': "control characters",
  '"\\x"': "known escapes",
  "01": "nothing must follow",
  "[1] 2": "nothing must follow",
  "nan": "there must be a value",
  "": "there must be a value",
  "{a: 1}": "there must be a key",
  '{"a" 1}': 'there must be ":"',
  '{"a": 1, "a": 2}': 'key "a" must be unique',
  '{"__proto__": {}}': '"__proto__"',
  '{"a": {"constructor": 1}}': '"constructor"',
  '{"\\u0070rototype": 1}': '"prototype"',
};

for (const [text, message] of Object.entries(REFUSED)) {
  Deno.test(`parseLooseJson() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseLooseJson(text, "x"), SyntaxError, message);
  });
}

Deno.test("parseLooseJson() has limits of size and nesting", () => {
  const deep = "[".repeat(100_000);
  assertThrows(() => parseLooseJson(deep, "x"), SyntaxError, "512 levels");
  assertThrows(
    () => parseLooseJson("[[[]]]", "x", { levels: 1 }),
    SyntaxError,
    "1 levels",
  );
  assertThrows(
    () => parseLooseJson("[1]", "x", { bytes: 2 }),
    SyntaxError,
    "2 bytes",
  );
  assertThrows(
    () => parseLooseJson(Uint8Array.of(34, 0xff, 34), "x"),
    SyntaxError,
    "UTF-8",
  );
});
