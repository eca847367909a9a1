import process from "node:process";
import { setImmediate } from "node:timers";
import type { Worker } from "node:worker_threads";
import { assert, assertEquals } from "@std/assert";
import {
  hasIdleWorker,
  keepWorker,
  prestartWorker,
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

/** The workers that are started while something runs. */
async function started(run: () => void): Promise<Worker[]> {
  const workers: Worker[] = [];
  const add = (worker: Worker) => workers.push(worker);
  process.on("worker", add);
  run();
  await new Promise((resolve) => setImmediate(resolve)); // events come later
  process.off("worker", add);
  return workers;
}

Deno.test("prestartWorker() starts one worker, which takeWorker() gives", async () => {
  while (hasIdleWorker()) await takeWorker().terminate();
  const workers = await started(() => {
    prestartWorker();
    prestartWorker();
  });
  assertEquals(workers.length, 1);
  assertEquals(hasIdleWorker(), false); // it may fail to load
  const worker = takeWorker();
  assert(worker === workers[0]);
  keepWorker(worker);
  assertEquals(await started(prestartWorker), []); // one is idle
  assert(takeWorker() === worker);
  await worker.terminate();
});

Deno.test("takeWorker() does not give a worker that has ended before its first session", async () => {
  const [worker] = await started(prestartWorker);
  const end = ended(worker!);
  await worker!.terminate();
  await end;
  const next = takeWorker();
  assert(next !== worker);
  await next.terminate();
});
