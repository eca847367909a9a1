/**
 * A worker: opens models, runs them, and closes them, one request after the
 * other. Started by `takeWorker`; its sessions are those of `openInWorker`.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { letGo } from "../../../math/let_go.ts";
import type { OnnxResult, WorkerReply, WorkerRequest } from "./messages.ts";
import { messageOf } from "./runtime.ts";
import { PartError } from "./run_parts.ts";
import { Stages } from "./stages.ts";

// Loaded while the weights are read; what is wrong with it is said when it is used.
const isLoaded = import("onnxruntime-node").then(() => true, () => false);

const stages = new Stages();
let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (request: WorkerRequest) => {
  last = last.then(() => answered(request));
});

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

function hasNaN({ data }: OnnxResult): boolean {
  return (data as Float32Array).some(Number.isNaN);
}

async function answered(request: WorkerRequest): Promise<void> {
  try {
    await answer(request);
  } catch (cause) {
    const samples = cause instanceof PartError ? cause.samples : undefined;
    reply({ kind: "failed", said: messageOf(cause), samples });
  }
}

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === "open") {
    const outputs = await stages.add(request.model, request);
    // The runtime has its copy: ours goes now, and not when it is next tidied up.
    for (const { data } of request.model.externalData) letGo(data);
    reply({ kind: "opened", outputs });
  } else if (request.kind === "run") {
    const { feeds, doubt = "" } = request;
    const { [doubt]: doubts, ...results } = await stages.run(feeds, request);
    const spare = Object.values(feeds).map(({ array }) =>
      array.data.buffer as ArrayBuffer
    );
    if (doubts !== undefined && hasNaN(doubts)) {
      return reply({ kind: "doubtful", feeds }, [...new Set(spare)]);
    }
    const buffers = Object.values(results).map(({ data }) => data.buffer);
    const transfer = [...new Set([...buffers, ...spare])];
    reply({ kind: "results", results, spare }, transfer);
  } else {
    await stages.close();
    reply({ kind: "closed", isLoaded: await isLoaded });
  }
}
