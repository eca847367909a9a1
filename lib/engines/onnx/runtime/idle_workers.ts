/**
 * Idle workers: threads that loaded ONNX Runtime, and wait for the next
 * session.
 *
 * The list is state of this module, which nothing else in this library has. It
 * cannot be avoided: Deno keeps two descriptors, an eventpoll and an eventfd,
 * of every worker that loaded a native library, however the worker ends
 * (2.9.6; 140 sessions left 278 behind). A process that started a worker for
 * each session would stop with "Too many open files". A worker that is kept
 * costs them once, and its successor starts in a millisecond.
 *
 * A worker is idle only when it has answered all requests, the last of which
 * closed its session: nothing of a session is left in it. One that is busy is
 * never waited for.
 *
 * Workers are those of `node:worker_threads`, as they can be unreferenced: an
 * idle one, or one whose session somebody forgot to close, does not keep the
 * process alive. Deno's own `Worker` does.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import { packed, unpacked } from "./packed_arrays.ts";

/**
 * How many idle workers are kept: as many as one session has at most, which
 * are its first, one for each processor where they share the rows, and that of
 * the exact graph. Closing it then ends none of them, and predicting again
 * starts none. Each takes 10 MB (Linux, Deno 2.9.6, its own memory).
 */
export const MOST_IDLE: number = navigator.hardwareConcurrency + 2;

const idle: RuntimeWorker[] = [];

/**
 * Takes an idle worker, or starts one, which then loads ONNX Runtime.
 *
 * @returns A worker that nobody else uses, and that does not keep the process
 * alive. Whoever takes it gives it to {@linkcode keepWorker} when it has
 * answered everything, or terminates it.
 */
export function takeWorker(): RuntimeWorker {
  return idle.pop() ?? startWorker();
}

/**
 * Takes a worker back. It must be as it was when it was taken: unreferenced,
 * all requests answered, no session open.
 *
 * @param worker The worker; it is terminated where enough are idle.
 */
export function keepWorker(worker: RuntimeWorker): void {
  if (idle.length < MOST_IDLE) idle.push(worker);
  else worker.terminate();
}

function startWorker(): RuntimeWorker {
  const worker = new RuntimeWorker();
  worker.unref();
  worker.on("error", () => {}); // an idle one that fails concerns nobody
  worker.on("exit", () => {
    const index = idle.indexOf(worker);
    if (index >= 0) idle.splice(index, 1);
  });
  return worker;
}

/** A worker whose messages travel without typed arrays. */
export class RuntimeWorker extends Worker {
  /** Starts it. */
  constructor() {
    // Without `env` all variables are read, which needs --allow-env.
    super(workerUrl(), { name: "onnx", env: {} });
  }

  override postMessage(
    request: WorkerRequest,
    transfer: readonly ArrayBuffer[] = [],
  ): void {
    super.postMessage(packed(request), [...transfer]);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const [message, ...others] = args;
    return event === "message"
      ? super.emit(event, unpacked<WorkerReply>(message), ...others)
      : super.emit(event, ...args);
  }
}

/** Workers of `node:worker_threads` start from files and from data. */
function workerUrl(): URL {
  const url = new URL("./worker.ts", import.meta.url);
  if (url.protocol === "file:") return url;
  const module = `import ${JSON.stringify(url.href)};`;
  return new URL(`data:text/javascript,${encodeURIComponent(module)}`);
}
