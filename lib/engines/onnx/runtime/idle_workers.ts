/**
 * A pool of idle workers, which have loaded ONNX Runtime and wait for the next
 * session.
 *
 * The list is module-level state. It is necessary because Deno leaks two
 * descriptors, an eventpoll and an eventfd, for every worker that loaded a native
 * library, however the worker ends (2.9.6; 140 sessions left 278 behind). A
 * process that started a worker for each session would fail with "Too many open
 * files". Reusing a worker avoids this, and a session on it opens in a
 * millisecond.
 *
 * A worker is idle only after it has answered all requests, the last of which
 * closed its session, so that no state of a session remains. Busy workers are
 * never waited for.
 *
 * Workers are those of `node:worker_threads`, because they can be unreferenced:
 * an idle worker, or one whose session was not closed, does not keep the
 * process alive. Deno's `Worker` does.
 *
 * @module
 */
import { Worker } from "node:worker_threads";

/**
 * Maximum number of idle workers: the most that one session uses, which are its
 * first, one for each processor if rows are partitioned, and that of the exact
 * graph. So closing a session ends no worker, and the next session starts none.
 * Each takes 10 MB (Linux, Deno 2.9.6, private memory).
 */
const MOST_IDLE: number = navigator.hardwareConcurrency + 2;

const idle: Worker[] = [];

/**
 * Acquires an idle worker, or starts one, which then loads ONNX Runtime.
 *
 * @returns A worker for exclusive use, which does not keep the process alive.
 * The caller returns it with {@linkcode keepWorker} when it has answered all
 * requests, or terminates it.
 */
export function takeWorker(): Worker {
  return idle.pop() ?? startWorker();
}

/**
 * Whether a worker is idle, so that ONNX Runtime is known to load.
 *
 * @returns True if {@linkcode takeWorker} starts none.
 */
export function hasIdleWorker(): boolean {
  return idle.length > 0;
}

/**
 * Returns a worker to the pool. It must be unreferenced, with all requests
 * answered and no open session.
 *
 * @param worker The worker; terminated if enough are idle.
 */
export function keepWorker(worker: Worker): void {
  if (idle.length < MOST_IDLE) idle.push(worker);
  else worker.terminate();
}

function startWorker(): Worker {
  const worker = new Worker(workerUrl(), {
    name: "onnx",
    env: {}, // without it all variables are read, which needs --allow-env
  });
  worker.unref();
  worker.on("error", () => {}); // the failure of an idle worker has no effect
  worker.on("exit", () => {
    const index = idle.indexOf(worker);
    if (index >= 0) idle.splice(index, 1);
  });
  return worker;
}

/** Workers of `node:worker_threads` can start from files and from data URLs. */
function workerUrl(): URL {
  const url = new URL("./worker.ts", import.meta.url);
  if (url.protocol === "file:") return url;
  const module = `import ${JSON.stringify(url.href)};`;
  return new URL(`data:text/javascript,${encodeURIComponent(module)}`);
}
