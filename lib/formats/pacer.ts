import { abortError } from "../errors.ts";

/** Maximum time between two yields. */
const SLICE_MS = 50;

/**
 * Long synchronous work, divided into steps, between which the thread may be
 * yielded. {@linkcode Pacer.drive} runs it.
 */
export type Steps<R> = Generator<void, R>;

/**
 * Yields the thread at intervals, so that timers, signals and rendering
 * continue while a model is loaded or a run computes, and aborts when the
 * signal is aborted.
 *
 * One pacer is used for all batches of a run, so that many short batches do not
 * cause more pauses than a few long ones.
 */
export class Pacer {
  readonly #signal: AbortSignal | undefined;
  readonly #where: () => string;
  #last = performance.now();

  /**
   * Starts the clock.
   *
   * @param signal Aborts the run.
   * @param where Returns the progress of the run, for the error.
   */
  constructor(signal?: AbortSignal, where: () => string = () => "early") {
    this.#signal = signal;
    this.#where = where;
  }

  /** The signal that aborts the run. */
  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** Whether a pause is due. */
  isDue(): boolean {
    return performance.now() - this.#last >= SLICE_MS;
  }

  /** Throws if the run was aborted. */
  check(): void {
    if (this.#signal?.aborted) throw abortError(this.#signal, this.#where());
  }

  /**
   * Yields a macrotask.
   *
   * @throws {DOMException} If the run was aborted meanwhile.
   */
  async pause(): Promise<void> {
    const { setImmediate } = await import("node:timers");
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = performance.now();
    this.check();
  }

  /**
   * Pauses, if due.
   *
   * @throws {DOMException} If the run was aborted.
   */
  async rest(): Promise<void> {
    if (this.isDue()) await this.pause();
    else this.check();
  }

  /**
   * Runs the steps of some work, with pauses between them.
   *
   * @param steps The work. If the run is aborted, the generator is ended, and
   * may clean up.
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
   * Waits for work elsewhere, unless the run is aborted first.
   *
   * @param work Work that cannot be aborted; its result is then ignored.
   * @param release Frees a result that arrives after the abort.
   * @returns The result of the work.
   */
  async race<R>(
    work: Promise<R>,
    release: (late: R) => unknown = () => {},
  ): Promise<R> {
    const signal = this.#signal;
    if (signal === undefined) return await work;
    const leave = () => work.then(release).catch(() => {});
    if (signal.aborted) leave(); // the error below is reported instead
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
