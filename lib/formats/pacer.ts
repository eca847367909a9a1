import { setImmediate } from "node:timers";
import { abortError } from "../errors.ts";

/** How long a run may keep the thread to itself. */
const SLICE_MS = 50;

/**
 * Long work that is synchronous, cut into steps: between two of them the thread
 * may be given back. {@linkcode Pacer.drive} does the work.
 */
export type Steps<R> = Generator<void, R>;

/**
 * Gives the thread back at intervals: timers, signals and drawing go on while a
 * model is loaded or a run computes, and one that is stopped ends.
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

  /** What stops the run. */
  get signal(): AbortSignal | undefined {
    return this.#signal;
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
   * Pauses, if that is due.
   *
   * @throws {DOMException} If the run was stopped.
   */
  async rest(): Promise<void> {
    if (this.isDue()) await this.pause();
    else this.check();
  }

  /**
   * Does the steps of some work, with pauses between them.
   *
   * @param steps The work. It is left, and may tidy up, where the run is stopped.
   * @returns The result of the work.
   */
  async drive<R>(steps: Steps<R>): Promise<R> {
    try {
      while (true) {
        const step = steps.next();
        if (step.done) return step.value;
        if (this.isDue()) await this.pause();
        else this.check();
      }
    } catch (error) {
      steps.return(undefined as never);
      throw error;
    }
  }

  /**
   * Waits for work that goes on elsewhere, unless the run is stopped first.
   *
   * @param work Work that cannot be stopped; its end is then not seen.
   * @param release Frees what the work gives after the run was stopped.
   * @returns The result of the work.
   */
  async race<R>(
    work: Promise<R>,
    release: (late: R) => unknown = () => {},
  ): Promise<R> {
    const signal = this.#signal;
    if (signal === undefined) return await work;
    const leave = () => work.then(release).catch(() => {});
    if (signal.aborted) leave(); // the error below is the one
    this.check();
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(abortError(signal, this.#where()));
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work, stopped.promise]);
    } catch (error) {
      leave();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
