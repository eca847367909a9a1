import { assertEquals, assertStrictEquals } from "@std/assert";
import { missingRuntime } from "../../../../lib/engines/onnx/runtime/missing_runtime.ts";
import {
  keepWorker,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";

Deno.test("missingRuntime() finds nothing missing where all is granted", async () => {
  assertEquals(await missingRuntime(false), undefined);
});

Deno.test("missingRuntime() loads the runtime in the worker that the next session takes", async () => {
  await missingRuntime(true);
  const worker = takeWorker();
  keepWorker(worker);
  await missingRuntime(true);
  assertStrictEquals(takeWorker(), worker);
  keepWorker(worker);
});
