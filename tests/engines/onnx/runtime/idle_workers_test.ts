import { Worker } from "node:worker_threads";
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  keepWorker,
  MOST_IDLE,
  RuntimeWorker,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";

/** Resolves when a worker has ended. */
function ended(worker: RuntimeWorker): Promise<void> {
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

Deno.test("a RuntimeWorker transfers buffers, and its messages hold no typed arrays", async () => {
  const { postMessage } = Worker.prototype;
  const sent: unknown[] = [];
  Worker.prototype.postMessage = function (...message) {
    sent.push(message[0]);
    return postMessage.apply(this, message);
  };
  const worker = new RuntimeWorker();
  try {
    const { buffer } = new Float32Array(1000);
    const reply = new Promise((resolve) => worker.once("message", resolve));
    const array = { data: new Float32Array(buffer), shape: [1000] };
    const feeds = { x: { type: "float32", array } } as never;
    worker.postMessage({ kind: "run", feeds }, [buffer]);
    assertEquals(buffer.detached, true);
    assertEquals(await reply, {
      kind: "failed",
      message: "no model is open",
      samples: undefined,
    });
    const [message] = sent as [{ feeds: { x: { array: { data: object } } } }];
    assertEquals(sent.length, 1);
    assertEquals(ArrayBuffer.isView(message.feeds.x.array.data), false);
  } finally {
    Worker.prototype.postMessage = postMessage;
    await worker.terminate();
  }
});
