import { assertEquals, assertThrows } from "@std/assert";
import {
  cPath,
  cString,
  keepLoaded,
} from "../../lib/formats/native_library.ts";

Deno.test("cString() and cPath() end with a zero", () => {
  assertEquals([...cString("aü")], [0x61, 0xc3, 0xbc, 0]);
  assertEquals(cString("").length, 1);
  const path = cPath("a");
  const isWindows = Deno.build.os === "windows";
  assertEquals(path.byteLength, isWindows ? 4 : 2);
});

Deno.test("keepLoaded() opens nothing that Deno would miss, and throws for a missing file", () => {
  const runtime = new URL(
    "../bin/napi-v6/linux/x64/libonnxruntime.so.1",
    import.meta.resolve("onnxruntime-node"),
  );
  // The test would fail for a library that Deno holds open.
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") {
    keepLoaded(runtime);
    keepLoaded(runtime);
  }
  assertThrows(() => keepLoaded(new URL("no_such_library.so", runtime)), Error);
});
