/**
 * A worker that opens, runs and closes models, one request at a time. Started
 * by `takeWorker`; used by `openInWorker`.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import {
  type Envelope,
  enveloped,
  messageIn,
  type OnnxResult,
  type WorkerReply,
  type WorkerRequest,
} from "./messages.ts";
import { SamplesError } from "./micro_batches.ts";
import { Pipeline } from "./pipeline.ts";
import { messageOf } from "./runtime.ts";

// Loaded while the weights are read. If loading fails, the first use throws.
const obstacle = import("onnxruntime-node").then(() => undefined, messageOf);

const pipeline = new Pipeline();
let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (envelope: Envelope<WorkerRequest>) => {
  last = last.then(() => answered(messageIn(envelope)));
});

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(enveloped(message), transfer);
}

function hasNaN({ data }: OnnxResult): boolean {
  return (data as Float32Array).some(Number.isNaN);
}

async function answered(request: WorkerRequest): Promise<void> {
  try {
    await answer(request);
  } catch (cause) {
    const samples = cause instanceof SamplesError ? cause.samples : undefined;
    reply({ kind: "failed", message: messageOf(cause), samples });
  }
}

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === "open") {
    const outputs = await pipeline.add(request.model, request);
    // The runtime has a copy: free this memory now, not at the next garbage
    // collection.
    for (const { data } of request.model.externalData) {
      const buffer = data.buffer as ArrayBuffer;
      if (!buffer.detached) buffer.transfer(0);
    }
    reply({ kind: "opened", outputs });
  } else if (request.kind === "run") {
    const { feeds, nanOutput = "" } = request;
    const { [nanOutput]: indicator, ...results } = await pipeline.run(
      feeds,
      request,
    );
    const spare = Object.values(feeds).map(({ array }) =>
      array.data.buffer as ArrayBuffer
    );
    if (indicator !== undefined && hasNaN(indicator)) {
      return reply({ kind: "nan", feeds }, [...new Set(spare)]);
    }
    const buffers = Object.values(results).map(({ data }) => data.buffer);
    const transfer = [...new Set([...buffers, ...spare])];
    reply({ kind: "results", results, spare }, transfer);
  } else {
    await pipeline.close();
    reply({ kind: "closed", obstacle: await obstacle });
  }
}
