import { assertEquals } from "@std/assert";
import { zlib } from "../../lib/formats/zlib.ts";

Deno.test({
  name: "zlib() gives the functions of node:zlib without a permission",
  permissions: "none",
  fn() {
    // The check value of CRC-32.
    const bytes = new TextEncoder().encode("123456789");
    assertEquals(zlib().crc32(bytes), 0xcbf43926);
  },
});
