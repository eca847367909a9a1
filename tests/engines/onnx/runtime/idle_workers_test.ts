import type { Worker } from "node:worker_threads";
import { assert, assertEquals } from "@std/assert";
import {
  keepWorker,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";

/** Resolves when a worker has ended. */
function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once("exit", () => resolve()));
}

Deno.test("takeWorker() returns an idle worker, and starts one where none is idle", async () => {
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
  const most = navigator.hardwareConcurrency + 2; // one session's, and one
  const workers = Array.from({ length: most + 1 }, () => takeWorker());
  assertEquals(new Set(workers).size, most + 1);
  const ends = workers.map((worker) => ended(worker).then(() => worker));
  for (const worker of workers) keepWorker(worker);
  assert(await Promise.race(ends) === workers.at(-1));
  const kept = Array.from({ length: most }, () => takeWorker());
  assertEquals(kept.reverse(), workers.slice(0, -1));
  for (const worker of kept) await worker.terminate();
});
