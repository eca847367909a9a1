import type { Worker } from "node:worker_threads";
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  keepWorker,
  MOST_IDLE,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";

/** Resolves when a worker has ended. */
function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once("exit", () => resolve()));
}

Deno.test("takeWorker() gives an idle worker, and starts one where none is idle", async () => {
  const [first, second] = [takeWorker(), takeWorker()];
  assert(first !== second);
  keepWorker(first);
  const again = takeWorker();
  assert(again === first);
  keepWorker(second);
  keepWorker(first);
  const end = ended(first);
  first.terminate();
  await end; // an idle worker that ends is given to nobody
  const rest = takeWorker();
  assert(rest === second);
  keepWorker(rest);
});

Deno.test("keepWorker() keeps as many as one session needs, and ends more", async () => {
  assertGreater(MOST_IDLE, navigator.hardwareConcurrency + 1);
  const workers = Array.from({ length: MOST_IDLE + 1 }, () => takeWorker());
  assertEquals(new Set(workers).size, MOST_IDLE + 1);
  const ends = workers.map((worker) => ended(worker).then(() => worker));
  for (const worker of workers) keepWorker(worker);
  assert(await Promise.race(ends) === workers.at(-1));
  const kept = Array.from({ length: MOST_IDLE }, () => takeWorker());
  assertEquals(kept.reverse(), workers.slice(0, -1));
  for (const worker of kept) await worker.terminate();
});
