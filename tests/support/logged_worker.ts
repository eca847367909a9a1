/**
 * Workers that record the requests and the replies, in order.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import {
  type Envelope,
  messageIn,
} from "../../lib/engines/onnx/runtime/messages.ts";

/** What was heard. */
export interface WorkerLog extends Disposable {
  /**
   * "open", "run" and "close" for requests; "opened", "results", "closed" and
   * "failed" for replies; "end" if a worker is terminated.
   */
  readonly events: string[];
  /** For each request, whether all that it handed over is gone from here. */
  readonly areTransferred: boolean[];
  /** Workers that were sent a request. */
  readonly workers: ReadonlySet<Worker>;
  /** Resolves when every request has its reply. */
  readonly settled: () => Promise<void>;
}

/**
 * Listens to all workers until it is disposed of.
 *
 * @param onEvent Called with each event, after it is recorded.
 */
export function logWorkers(
  onEvent: (event: string) => void = () => {},
): WorkerLog {
  const events: string[] = [];
  const areTransferred: boolean[] = [];
  const workers = new Set<Worker>();
  const { postMessage, terminate } = Worker.prototype;
  let inFlight = 0;
  let rest = Promise.withResolvers<void>();
  const note = (event: string) => {
    events.push(event);
    onEvent(event);
  };
  const hear = (envelope: Envelope<{ kind: string }>) => {
    note(messageIn(envelope).kind);
    if (--inFlight === 0) rest.resolve();
  };
  Worker.prototype.postMessage = function (envelope, transfer) {
    if (!workers.has(this)) this.on("message", hear);
    workers.add(this);
    note(messageIn<{ kind: string }>(envelope).kind);
    if (inFlight++ === 0) rest = Promise.withResolvers();
    postMessage.call(this, envelope, transfer);
    areTransferred.push(
      (transfer as ArrayBuffer[]).every(({ detached }) => detached),
    );
  };
  Worker.prototype.terminate = function () {
    note("end");
    return terminate.call(this);
  };
  return {
    events,
    areTransferred,
    workers,
    settled: () => inFlight === 0 ? Promise.resolve() : rest.promise,
    [Symbol.dispose]() {
      Object.assign(Worker.prototype, { postMessage, terminate });
      for (const worker of workers) worker.off("message", hear);
    },
  };
}
