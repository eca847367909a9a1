import { assertEquals } from "@std/assert";
import { releaseMemory } from "../../lib/math/release_memory.ts";

Deno.test("releaseMemory() empties an array, but not one that is a part of another", () => {
  const whole = Float32Array.of(1, 2, 3);
  const part = whole.subarray(1);
  releaseMemory(part);
  assertEquals([...whole], [1, 2, 3]);
  releaseMemory(whole);
  assertEquals([whole.length, part.length], [0, 0]);
  releaseMemory(new Float32Array(new SharedArrayBuffer(4))); // others may hold it
});
