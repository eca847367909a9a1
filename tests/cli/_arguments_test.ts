import { assertEquals, assertThrows } from "@std/assert";
import { writeText } from "../../lib/cli/_arguments.ts";

Deno.test("writeText() writes all of a text, until its reader has gone", () => {
  const written: number[] = [];
  const writer = (most: number, error?: Error) => ({
    writeSync(bytes: Uint8Array) {
      if (error !== undefined && written.length >= most) throw error;
      written.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  });
  writeText(writer(0), "größer");
  assertEquals(new TextDecoder().decode(Uint8Array.from(written)), "größer");
  written.length = 0;
  writeText(writer(3, new Deno.errors.BrokenPipe()), "abcdef");
  assertEquals(written.length, 3);
  const full = writer(3, new Error("no space left"));
  assertThrows(() => writeText(full, "abcdef"), Error, "no space left");
});
