import { assertEquals } from "@std/assert";
import { letGo } from "../../lib/math/let_go.ts";

Deno.test("letGo() empties an array, but not one that is a part of another", () => {
  const whole = Float32Array.of(1, 2, 3);
  const part = whole.subarray(1);
  letGo(part);
  assertEquals([...whole], [1, 2, 3]);
  letGo(whole);
  assertEquals([whole.length, part.length], [0, 0]);
  letGo(new Float32Array(new SharedArrayBuffer(4))); // others may hold it
});
