import { assertEquals } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import {
  keepWorker,
  takeWorker,
} from "../../../../lib/engines/onnx/runtime/idle_workers.ts";
import {
  type Envelope,
  enveloped,
  messageIn,
  type WorkerReply,
  type WorkerRequest,
} from "../../../../lib/engines/onnx/runtime/messages.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

/** The answers of a worker to requests that are sent all at once. */
async function answers(
  requests: readonly WorkerRequest[],
): Promise<WorkerReply[]> {
  const worker = takeWorker();
  const replies: WorkerReply[] = [];
  const all = Promise.withResolvers<void>();
  const hear = (envelope: Envelope<WorkerReply>) => {
    // What has elements to be seen would be looked through, one by one.
    assertEquals(Object.keys(envelope), []);
    replies.push(messageIn(envelope));
    if (replies.length === requests.length) all.resolve();
  };
  worker.on("message", hear);
  worker.ref();
  for (const request of requests) worker.postMessage(enveloped(request));
  await all.promise;
  worker.unref();
  worker.off("message", hear);
  keepWorker(worker);
  return replies;
}

Deno.test("the worker opens, runs and closes, again and again, and answers in order", async () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [null]);
  const y = graph.output("y", graph.node("Neg", [x]), "float32");
  const array = {
    data: Float32Array.of(1, -2),
    shape: [2],
    dtype: "float32",
  } as const;
  const run = {
    kind: "run",
    feeds: { [x]: { type: "float32", array } },
  } as const;
  const missing = { kind: "run", feeds: {} } as const;
  const open = () =>
    ({ kind: "open", model: encodeModel(graph), threads: 1 }) as const;
  const replies = await answers([
    open(),
    run,
    missing,
    run,
    { kind: "close" },
    run,
    open(),
    run,
    { kind: "close" },
  ]);
  const results = {
    kind: "results",
    results: {
      [y]: { data: Float32Array.of(-1, 2), shape: [2], type: "float32" },
    },
    spare: [array.data.slice().buffer],
  } as const;
  assertEquals(replies.map(({ kind }) => kind), [
    "opened",
    "results",
    "failed",
    "results",
    "closed",
    "failed",
    "opened",
    "results",
    "closed",
  ]);
  assertEquals(replies[1], results);
  assertEquals(replies[3], results);
  assertEquals(replies[4], { kind: "closed", obstacle: undefined });
  assertEquals(replies[7], results); // a session after another, in one thread
});
