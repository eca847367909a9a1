import process from "node:process";
import type { Worker } from "node:worker_threads";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { missingRuntime } from "../../../../lib/engines/onnx/runtime/missing_runtime.ts";
import { prestartRuntime } from "../../../../lib/engines/onnx/runtime/prestart_runtime.ts";
import {
  hasIdleWorker,
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

Deno.test("prestartRuntime() starts the worker in which missingRuntime() loads the runtime", async () => {
  while (hasIdleWorker()) await takeWorker().terminate();
  const workers: Worker[] = [];
  const add = (worker: Worker) => workers.push(worker);
  process.on("worker", add);
  await prestartRuntime();
  assertEquals(await missingRuntime(true), undefined);
  process.off("worker", add);
  const worker = takeWorker();
  assertEquals(workers.length, 1);
  assertStrictEquals(worker, workers[0]);
  keepWorker(worker);
});
