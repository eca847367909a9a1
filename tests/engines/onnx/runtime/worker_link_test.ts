import { EventEmitter } from "node:events";
import type { Worker } from "node:worker_threads";
import { assert, assertEquals, assertRejects } from "@std/assert";
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
import { WorkerLink } from "../../../../lib/engines/onnx/runtime/worker_link.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";
import { logWorkers } from "../../../support/logged_worker.ts";
import { feed, product, SIZE, slow, unit } from "./_graphs.ts";

function openGraph(graph: OnnxGraph) {
  const link = new WorkerLink();
  return openPipeline(encodeModel(graph), { threads: 1, link });
}

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

Deno.test("a WorkerLink rejects all that was requested of a worker that ended", async () => {
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
    const open = await openPipeline(encodeModel(graph), {
      threads: 1,
      link: new WorkerLink("cpu", worker),
    });
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

Deno.test("a WorkerLink reuses the worker of a closed session, also after an error", async () => {
  using log = logWorkers();
  const { graph, x, y } = product();
  const wrong = new OnnxGraph();
  wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
  const flat = { data: new Float32Array(3), shape: [1, 3], dtype: "float32" };
  const bad = { [x]: { type: "float32", array: flat as never } } as const;
  for (let i = 0; i < 3; i++) {
    await assertRejects(() => openGraph(wrong));
    const open = await openGraph(graph);
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
    const other = await openGraph(graph);
    await assertRejects(
      () => open.run(feed(x, unit(0))),
      TypeError,
      "the session must be open",
    );
    await other.close();
  }
  assertEquals(log.workers.size, 1);
  assertEquals(log.events.includes("end"), false);
});

Deno.test("a WorkerLink reuses no worker that still computes", async () => {
  using log = logWorkers();
  const { graph, x } = slow();
  const { graph: quick, x: fed, y } = product();
  const open = await openGraph(graph);
  const data = new Float32Array(300 * SIZE);
  const running = assertRejects(() => open.run(feed(x, data)), TypeError);
  await open.close();
  await running;
  assert(!log.events.includes("results"), "it is not awaited");
  const other = await openGraph(quick);
  const results = await other.run(feed(fed, unit(4)));
  assertEquals([...results[y]!.data], [8, 9]);
  assertEquals(log.workers.size, 2);
  await other.close();
  await log.settled();
});
