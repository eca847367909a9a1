import { EventEmitter } from "node:events";
import type { Worker } from "node:worker_threads";
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
} from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import {
  keepWorker,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";
import {
  type Envelope,
  enveloped,
  messageIn,
} from "../../../../lib/engines/onnx/runtime/messages.ts";
import { openPipeline } from "../../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";
import { logWorkers } from "../../../support/logged_worker.ts";

const SIZE = 600;

/** `[N, 600]` times a kernel of 1, 2, …; the kernel is external data. */
function product() {
  const graph = new OnnxGraph();
  const kernel = Float32Array.from({ length: SIZE * 2 }, (_, i) => i);
  const x = graph.input("x", "float32", [null, SIZE]);
  const constant = graph.constant("float32", [SIZE, 2], kernel);
  const y = graph.output("y", graph.node("MatMul", [x, constant]), "float32");
  return { graph, kernel, x, y };
}

function feed(x: string, data: Float32Array<ArrayBufferLike>) {
  const shape = [data.length / SIZE, SIZE];
  return {
    [x]: { type: "float32", array: { data, shape, dtype: "float32" } },
  } as const;
}

/** A row that is 1 at one index. */
function unit(position: number): Float32Array<ArrayBuffer> {
  return new Float32Array(SIZE).map((_, i) => i === position ? 1 : 0);
}

/** Products of a matrix with itself, over and over: some hundred milliseconds. */
function slow() {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [null, SIZE]);
  let value = x;
  const data = new Float32Array(SIZE * SIZE).map((_, i) =>
    i % (SIZE + 1) === 0 ? 1 : 0
  );
  const same = graph.constant("float32", [SIZE, SIZE], data);
  for (let i = 0; i < 60; i++) value = graph.node("MatMul", [value, same]);
  const y = graph.output("y", value, "float32");
  return { graph, x, y };
}

Deno.test("openPipeline() runs a graph, batch after batch, in order", async () => {
  const { graph, x, y } = product();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  const runs = [3, 0, 599].map((position) => open.run(feed(x, unit(position))));
  const results = await Promise.all(runs);
  assertEquals(results.map((result) => [...result[y]!.data]), [
    [6, 7],
    [0, 1],
    [1198, 1199],
  ]);
  await open.close();
});

Deno.test("openPipeline() leaves the caller's arrays as they are, views with offsets too", async () => {
  const { graph, x, y, kernel } = product();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  assertEquals(kernel.length, SIZE * 2);
  const buffer = new Float32Array(3 * SIZE).fill(7);
  buffer.set(unit(1), SIZE);
  const view = buffer.subarray(SIZE, 2 * SIZE);
  const shared = new Float32Array(new SharedArrayBuffer(4 * SIZE));
  shared.set(unit(2));
  const before = buffer.slice();
  const running = open.run(feed(x, view));
  view.fill(0); // what was given was taken when run() was called
  assertEquals([...(await running)[y]!.data], [2, 3]);
  const ofShared = await open.run(feed(x, shared));
  assertEquals([...ofShared[y]!.data], [4, 5]);
  assertEquals([...buffer.subarray(0, SIZE)], [...before.subarray(0, SIZE)]);
  assertEquals(shared.length, SIZE);
  await open.close();
});

Deno.test("openPipeline() feeds from memory that it used before, and each time the right values", async () => {
  const { graph, x, y } = product();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  const positions = [3, 0, 599, 7, 7, 1, 250];
  const found: number[] = [];
  for (const [i, position] of positions.entries()) {
    // Of one row or two, so that some memory fits and some does not.
    const rows = i % 3 === 2 ? [position, position] : [position];
    const data = Float32Array.from(rows.flatMap((row) => [...unit(row)]));
    const two = open.run(feed(x, unit(42)));
    found.push((await open.run(feed(x, data)))[y]!.data[0]!);
    assertEquals((await two)[y]!.data[0], 84);
  }
  assertEquals(found, positions.map((position) => 2 * position));
  await open.close();
});

Deno.test("openPipeline() transfers whole arrays, and copies views", async () => {
  const { graph, kernel, x, y } = product();
  const open = await openPipeline(encodeModel(graph), {
    threads: 1,
    transferable: [kernel],
  });
  assertEquals(kernel.length, 0);
  assertEquals([...(await open.run(feed(x, unit(1))))[y]!.data], [2, 3]);
  await open.close();
  const whole = new Float32Array(SIZE * 2 + 1);
  const view = whole.subarray(1);
  const other = new OnnxGraph();
  const input = other.input("x", "float32", [null, SIZE]);
  const constant = other.constant("float32", [SIZE, 2], view);
  other.output("y", other.node("MatMul", [input, constant]), "float32");
  await (await openPipeline(encodeModel(other), {
    threads: 1,
    transferable: [view],
  })).close();
  assertEquals(view.length, SIZE * 2);
});

Deno.test("openPipeline() leaves the calling thread free while it runs", async () => {
  const { graph, x, y } = slow();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const data = new Float32Array(300 * SIZE).fill(2);
  const results = await open.run(feed(x, data));
  clearInterval(timer);
  assertEquals(results[y]!.data[5], 2);
  assertGreater(ticks, 5); // a run of this thread's own would leave none
  await open.close();
});

Deno.test("openPipeline() closes without waiting for a run that is under way", async () => {
  const { graph, x } = slow();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  let isOver = false;
  const data = new Float32Array(300 * SIZE);
  const running = open.run(feed(x, data)).then(() => isOver = true);
  await open.close();
  assertEquals(isOver, false);
  await running; // the native call ends by itself
  await assertRejects(
    () => open.run(feed(x, unit(0)), "samples 0 to 7"),
    UnsupportedByEngineError,
    `Cannot run samples 0 to 7 as its runtime says "it is closed"`,
  );
});

Deno.test("openPipeline() reports the message of ONNX Runtime, and the batch", async () => {
  const wrong = new OnnxGraph();
  wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
  await assertRejects(
    () => openPipeline(encodeModel(wrong), { threads: 1 }),
    UnsupportedByEngineError,
    "NoSuchOperator",
  );
  const { graph, x, y } = product();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  const flat = { data: new Float32Array(3), shape: [1, 3], dtype: "float32" };
  const error = await assertRejects(
    () =>
      open.run(
        { [x]: { type: "float32", array: flat as never } },
        "samples 64 to 127",
      ),
    UnsupportedByEngineError,
  );
  assert(
    error.message.startsWith(
      "Cannot run samples 64 to 127 as its runtime says",
    ),
  );
  assertEquals((await open.run(feed(x, unit(0))))[y]!.shape, [1, 2]); // it lives on
  await open.close();
});

/** A worker that fails, or exits, at the first run. */
class Dying extends EventEmitter {
  readonly #dies: (worker: Dying) => void;
  isTerminated = false;
  constructor(dies: (worker: Dying) => void) {
    super();
    this.#dies = dies;
  }
  postMessage(envelope: Envelope<{ kind: string }>) {
    queueMicrotask(() => {
      if (messageIn(envelope).kind !== "open") return this.#dies(this);
      this.emit("message", enveloped({ kind: "opened", outputs: [] }));
    });
  }
  ref() {}
  unref() {}
  terminate() {
    this.isTerminated = true;
    return Promise.resolve(0);
  }
}

Deno.test("openPipeline() rejects all that was requested of a worker that ended", async () => {
  const ways: [string, (worker: Dying) => void][] = [
    [
      "out of memory",
      (worker) => worker.emit("error", new Error("out of memory")),
    ],
    ["it exited", (worker) => worker.emit("exit", 1)],
    ["an answer was lost", (worker) => worker.emit("messageerror", {})],
  ];
  for (const [message, dies] of ways) {
    const { graph, x } = product();
    const dying = new Dying(dies);
    const worker = dying as unknown as Worker;
    const open = await openPipeline(encodeModel(graph), { threads: 1, worker });
    const runs = ["samples 0 to 3", "samples 4 to 7"].map((what) =>
      assertRejects(
        () => open.run(feed(x, unit(0)), what),
        UnsupportedByEngineError,
        `Cannot run ${what} as its runtime says "its thread ended: ${message}"`,
      )
    );
    await Promise.all(runs);
    await assertRejects(
      () => open.run(feed(x, unit(0))),
      UnsupportedByEngineError,
      "its thread ended",
    );
    await open.close();
    assertEquals(dying.isTerminated, true);
    const next = takeWorker(); // nobody else gets it
    assert(next !== worker);
    keepWorker(next);
  }
});

Deno.test("openPipeline() reuses the worker of a closed session, also after an error", async () => {
  using log = logWorkers();
  const { graph, x, y } = product();
  const wrong = new OnnxGraph();
  wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
  const flat = { data: new Float32Array(3), shape: [1, 3], dtype: "float32" };
  const bad = { [x]: { type: "float32", array: flat as never } } as const;
  for (let i = 0; i < 3; i++) {
    await assertRejects(() => openPipeline(encodeModel(wrong), { threads: 1 }));
    const open = await openPipeline(encodeModel(graph), { threads: 1 });
    await assertRejects(() => open.run(bad));
    const uncloneable = { type: "float32", array: { ...flat, data: () => {} } };
    await assertRejects(() => open.run({ [x]: uncloneable as never }));
    assertEquals([...(await open.run(feed(x, unit(i))))[y]!.data], [
      2 * i,
      2 * i + 1,
    ]);
    await open.close();
    await open.close();
    // What was closed is closed, also when its worker has another session.
    const other = await openPipeline(encodeModel(graph), { threads: 1 });
    await assertRejects(
      () => open.run(feed(x, unit(0))),
      Error,
      "it is closed",
    );
    await other.close();
  }
  assertEquals(log.workers.size, 1);
  assertEquals(log.events.includes("end"), false);
});

Deno.test("openPipeline() reuses no worker that still computes", async () => {
  using log = logWorkers();
  const { graph, x } = slow();
  const { graph: quick, x: fed, y } = product();
  const open = await openPipeline(encodeModel(graph), { threads: 1 });
  const data = new Float32Array(300 * SIZE);
  const running = open.run(feed(x, data));
  await open.close();
  const other = await openPipeline(encodeModel(quick), { threads: 1 });
  const results = await other.run(feed(fed, unit(4)));
  assertEquals([...results[y]!.data], [8, 9]);
  assertEquals(log.workers.size, 2);
  await other.close();
  await running;
  await log.settled();
});
