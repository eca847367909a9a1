/**
 * A worker that opens, runs and closes models, one request at a time. Started
 * by `takeWorker`; used by `WorkerLink`.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import {
  type Envelope,
  enveloped,
  messageIn,
  type WorkerReply,
  type WorkerRequest,
} from "./messages.ts";
import { loadNodeBinding } from "./node_binding.ts";
import { RequestHandler } from "./request_handler.ts";

const binding = loadNodeBinding(); // while the weights are read
binding.catch(() => {}); // the first use throws
const handler = new RequestHandler(binding);

parentPort!.on("message", async (envelope: Envelope<WorkerRequest>) => {
  const request = messageIn(envelope);
  const reply = await handler.answer(request);
  if (request.kind === "open" && reply.kind === "opened") {
    // The runtime has a copy: free this memory now, not at the next garbage
    // collection.
    for (const { data } of request.model.externalData) {
      freeMemory(data.buffer as ArrayBuffer);
    }
  }
  parentPort!.postMessage(enveloped(reply), transferOf(reply));
});

function freeMemory(buffer: ArrayBuffer): void {
  if (!buffer.detached) buffer.transfer(0);
}

/** The buffers of a reply, which the caller receives. */
function transferOf(reply: WorkerReply): ArrayBuffer[] {
  const buffers = reply.kind === "results"
    ? [
      ...Object.values(reply.results).map(({ data }) => data.buffer),
      ...reply.spare,
    ]
    : reply.kind === "nan"
    ? Object.values(reply.feeds).map(({ array }) =>
      array.data.buffer as ArrayBuffer
    )
    : [];
  return [...new Set(buffers)];
}
