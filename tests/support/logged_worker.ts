/**
 * Workers that write down, in order, the requests and the replies.
 *
 * @module
 */
import { RuntimeWorker } from "../../lib/engines/onnx/runtime/idle_workers.ts";

/** What was heard. */
export interface WorkerLog extends Disposable {
  /**
   * "open", "run" and "close" as they are sent; "opened", "results", "closed"
   * and "failed" as they come; "end" where a worker is terminated.
   */
  readonly events: string[];
  /** For each request, whether all that it handed over is gone from here. */
  readonly areTransferred: boolean[];
  /** Workers that were sent a request. */
  readonly workers: ReadonlySet<RuntimeWorker>;
  /** Resolves when every request has its reply. */
  readonly settled: () => Promise<void>;
}

/**
 * Listens to all workers until it is disposed of.
 *
 * @param onEvent Called with each event, when it is written down.
 */
export function logWorkers(
  onEvent: (event: string) => void = () => {},
): WorkerLog {
  const events: string[] = [];
  const areTransferred: boolean[] = [];
  const workers = new Set<RuntimeWorker>();
  const { postMessage, terminate } = RuntimeWorker.prototype;
  let inFlight = 0;
  let rest = Promise.withResolvers<void>();
  const note = (event: string) => {
    events.push(event);
    onEvent(event);
  };
  const hear = ({ kind }: { kind: string }) => {
    note(kind);
    if (--inFlight === 0) rest.resolve();
  };
  RuntimeWorker.prototype.postMessage = function (message, transfer) {
    if (!workers.has(this)) this.on("message", hear);
    workers.add(this);
    note(message.kind);
    if (inFlight++ === 0) rest = Promise.withResolvers();
    postMessage.call(this, message, transfer ?? []);
    areTransferred.push(
      (transfer ?? []).every(({ detached }) => detached),
    );
  };
  RuntimeWorker.prototype.terminate = function () {
    note("end");
    return terminate.call(this);
  };
  return {
    events,
    areTransferred,
    workers,
    settled: () => inFlight === 0 ? Promise.resolve() : rest.promise,
    [Symbol.dispose]() {
      Object.assign(RuntimeWorker.prototype, { postMessage, terminate });
      for (const worker of workers) worker.off("message", hear);
    },
  };
}
