/**
 * The thread of one session: opens a model, runs it, and closes it, one after
 * the other. Started by `openInWorker`.
 *
 * @module
 */
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import { type OpenGraph, openModel, saidBy } from "./runtime.ts";

/** What of a worker's own scope is used; the types of Deno know the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
let model: OpenGraph | undefined;
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data: request }) => {
  last = last.then(() => answered(request));
};

async function answered(request: WorkerRequest): Promise<void> {
  try {
    await answer(request);
  } catch (cause) {
    scope.postMessage({ kind: "failed", said: saidBy(cause) });
  }
}

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === "open") {
    model = await openModel(request.model, request.threads);
  } else if (request.kind === "run") {
    const results = await model!.run(request.feeds);
    const buffers = Object.values(results).map(({ data }) => data.buffer);
    return scope.postMessage({ kind: "results", results }, buffers);
  } else {
    await model?.close();
    model = undefined;
  }
  scope.postMessage({ kind: "done" });
}
