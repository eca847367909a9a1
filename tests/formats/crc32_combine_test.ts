import { assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";
import { crc32Combine } from "../../lib/formats/crc32_combine.ts";

Deno.test("crc32Combine() equals the checksum of the whole, wherever it is cut", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 251);
  const whole = crc32(bytes);
  for (const cut of [0, 1, 7, 500, 999, 1000]) {
    const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assertEquals(crc32Combine(crc32(a), crc32(b), b.length), whole);
  }
});

Deno.test("crc32Combine() takes lengths beyond 32 bits", () => {
  // Zeros behind zeros: in two steps or in one.
  const half = 2 ** 33 + 5;
  const once = crc32Combine(1, 0, 2 * half);
  assertEquals(crc32Combine(crc32Combine(1, 0, half), 0, half), once);
});
