import { assert, assertEquals } from "@std/assert";
import { cBinding } from "../../../../lib/engines/onnx/runtime/c_library.ts";
import { hasIdleWorker } from "../../../../lib/engines/onnx/runtime/idle_workers.ts";
import { missingRuntime } from "../../../../lib/engines/onnx/runtime/missing_runtime.ts";

Deno.test("missingRuntime() finds nothing missing where all is granted, and starts no worker", async () => {
  assertEquals(await missingRuntime(false), undefined);
  assertEquals(await missingRuntime(true), undefined);
  assertEquals(hasIdleWorker(), false);
});

Deno.test("cBinding() opens the library of this system, once", async () => {
  const binding = await cBinding();
  assert(binding !== undefined);
  assert(binding === await cBinding());
});
