import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  isStrings,
  stringFeed,
  stringsOf,
} from "../../../../lib/engines/onnx/runtime/string_feed.ts";

Deno.test("stringFeed() encodes strings in UTF-8, each with a zero at its end", () => {
  const data = ["cat", "", "über 日本"];
  const { type, array } = stringFeed({ data, shape: [3, 1] }, "text");
  assertEquals(type, "string");
  assertEquals(array.shape, [3, 1]);
  const bytes = array.data as Uint8Array;
  assertEquals([...bytes.slice(0, 5)], [99, 97, 116, 0, 0]);
  assertEquals(stringsOf(bytes), data);
  assertEquals(stringsOf(new Uint8Array(0)), []);
});

Deno.test("stringFeed() refuses a string that a zero would end", () => {
  const data = ["whole", "cut\0off"];
  const error = assertThrows(
    () => stringFeed({ data, shape: [2] }, "text"),
    RangeError,
  );
  assert(error.message.includes("it is number 1 of a batch"), error.message);
  assert(!error.message.includes("\0"));
});

Deno.test("isStrings() tells strings from typed arrays", () => {
  assert(isStrings(["a"]));
  assert(!isStrings(new Float32Array(2)));
});
