import { assertEquals } from "@std/assert";
import { dataUrl, toBase64 } from "../../lib/display/base64.ts";

Deno.test("toBase64() writes the bytes underneath a view, and no others", () => {
  assertEquals(toBase64(new TextEncoder().encode("Sonde")), "U29uZGU=");
  const part = Uint8Array.of(0, 77, 97, 110, 0).subarray(1, 4);
  assertEquals(toBase64(part), "TWFu");
  assertEquals(toBase64(Float32Array.of(1)), "AACAPw=="); // 00 00 80 3f
});

Deno.test("dataUrl() takes bytes and text", () => {
  assertEquals(
    dataUrl("image/png", Uint8Array.of(77, 97, 110)),
    "data:image/png;base64,TWFu",
  );
  assertEquals(dataUrl("text/plain", "é"), "data:text/plain;base64,w6k=");
});
