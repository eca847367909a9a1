/**
 * Workers that write down, in order, what is said to them and what they say.
 *
 * @module
 */

/** What was heard. */
export interface WorkerLog extends Disposable {
  /** "open", "run" and "close" as they are sent; "done", "results" and
   * "failed" as they come; "end" where a worker is ended. */
  readonly events: string[];
  /** For each request, whether all that it handed over is gone from here. */
  readonly areTransferred: boolean[];
  /** Resolves when as many workers were ended as were started. */
  readonly ended: () => Promise<void>;
}

/** Listens to all workers that are made until it is disposed of. */
export function logWorkers(): WorkerLog {
  const events: string[] = [];
  const areTransferred: boolean[] = [];
  const Real = globalThis.Worker;
  let alive = 0;
  let rest = Promise.withResolvers<void>();
  globalThis.Worker = class extends Real {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      if (alive++ === 0) rest = Promise.withResolvers();
      this.addEventListener("message", ({ data }) => events.push(data.kind));
    }
    override postMessage(message: { kind: string }, options: unknown): void {
      events.push(message.kind);
      const buffers = options as ArrayBuffer[];
      super.postMessage(message, buffers);
      areTransferred.push(buffers.every(({ detached }) => detached));
    }
    override terminate(): void {
      events.push("end");
      super.terminate();
      if (--alive === 0) rest.resolve();
    }
  };
  return {
    events,
    areTransferred,
    ended: () => rest.promise,
    [Symbol.dispose]() {
      globalThis.Worker = Real;
    },
  };
}
