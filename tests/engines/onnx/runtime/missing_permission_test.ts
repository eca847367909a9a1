import { assertEquals } from "@std/assert";
import { missingPermission } from "../../../../lib/engines/onnx/runtime/missing_permission.ts";

Deno.test("missingPermission() finds nothing missing where all is granted", async () => {
  assertEquals(await missingPermission(), undefined);
});

Deno.test(
  "missingPermission() names the first that is missing",
  { permissions: { ffi: false } },
  async () => {
    assertEquals(
      await missingPermission(),
      "ONNX Runtime needs the permission --allow-ffi",
    );
  },
);
