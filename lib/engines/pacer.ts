import { setImmediate } from "node:timers";
import { abortError } from "../errors.ts";

/** How long a run may keep the thread to itself. */
const SLICE_MS = 50;

/**
 * Gives the thread back now and then: timers, signals and drawing go on while
 * a run computes, and a run that is stopped ends.
 *
 * One pacer goes with one run, over all its batches, so that many short ones
 * cost no more pauses than a few long ones.
 */
export class Pacer {
  readonly #signal: AbortSignal | undefined;
  readonly #where: () => string;
  #last = performance.now();

  /**
   * Starts the clock.
   *
   * @param signal Stops the run.
   * @param where How far the run is, for the error.
   */
  constructor(signal?: AbortSignal, where: () => string = () => "early") {
    this.#signal = signal;
    this.#where = where;
  }

  /** Whether a pause is due. */
  isDue(): boolean {
    return performance.now() - this.#last >= SLICE_MS;
  }

  /** Throws if the run was stopped. */
  check(): void {
    if (this.#signal?.aborted) throw abortError(this.#signal, this.#where());
  }

  /**
   * Yields a macrotask.
   *
   * @throws {DOMException} If the run was stopped meanwhile.
   */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = performance.now();
    this.check();
  }

  /**
   * Waits for work that goes on elsewhere, unless the run is stopped first.
   *
   * @param work Work that cannot be stopped; its end is then not seen.
   * @returns What the work gives.
   */
  async race<R>(work: Promise<R>): Promise<R> {
    const signal = this.#signal;
    if (signal === undefined) return await work;
    if (signal.aborted) work.catch(() => {}); // the error below is the one
    this.check();
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(abortError(signal, this.#where()));
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
