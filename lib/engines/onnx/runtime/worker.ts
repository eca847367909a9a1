/**
 * The thread of one session: opens a model, runs it, and closes it, one after
 * the other. Started by `openInWorker`.
 *
 * @module
 */
import { letGo } from "../../../math/let_go.ts";
import type { OnnxResult, WorkerReply, WorkerRequest } from "./messages.ts";
import { messageOf } from "./runtime.ts";
import { PartError } from "./run_parts.ts";
import { Stages } from "./stages.ts";

/** What of a worker's own scope is used; the types of Deno know the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply, transfer?: Transferable[]): void;
}

// Loaded while the weights are read; what is wrong with it is said when it is used.
import("onnxruntime-node").catch(() => {});

const scope = self as unknown as WorkerScope;
const stages = new Stages();
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data: request }) => {
  last = last.then(() => answered(request));
};

function hasNaN({ data }: OnnxResult): boolean {
  return (data as Float32Array).some(Number.isNaN);
}

async function answered(request: WorkerRequest): Promise<void> {
  try {
    await answer(request);
  } catch (cause) {
    const samples = cause instanceof PartError ? cause.samples : undefined;
    scope.postMessage({ kind: "failed", said: messageOf(cause), samples });
  }
}

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === "open") {
    const outputs = await stages.add(request.model, request);
    // The runtime has its copy: ours goes now, and not when it is next tidied up.
    for (const { data } of request.model.externalData) letGo(data);
    return scope.postMessage({ kind: "opened", outputs });
  } else if (request.kind === "run") {
    const { feeds, doubt = "" } = request;
    const { [doubt]: doubts, ...results } = await stages.run(feeds, request);
    const spare = Object.values(feeds).map(({ array }) =>
      array.data.buffer as ArrayBuffer
    );
    if (doubts !== undefined && hasNaN(doubts)) {
      return scope.postMessage({ kind: "doubtful", feeds }, [
        ...new Set(spare),
      ]);
    }
    const buffers = Object.values(results).map(({ data }) => data.buffer);
    const reply = { kind: "results", results, spare } as const;
    return scope.postMessage(reply, [...new Set([...buffers, ...spare])]);
  } else {
    await stages.close();
  }
  scope.postMessage({ kind: "done" });
}
