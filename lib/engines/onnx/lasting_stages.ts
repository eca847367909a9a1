import type { OnnxFeed, OnnxResult } from "./runtime/messages.ts";
import type { RuntimePipeline } from "./runtime/open_pipeline.ts";
import type { RunSettings } from "./runtime/pipeline.ts";

type Feeds = Readonly<Record<string, OnnxFeed>>;
type Results = Readonly<Record<string, OnnxResult>>;

/**
 * Stages that run in this process at first, which is the quickest to open, and
 * after a warm-up with queued runs in a worker, which is faster for many runs.
 */
export class LastingStages {
  readonly #openInWorker: () => Promise<RuntimePipeline | undefined>;
  readonly #warmUpMs: number;
  #current: RuntimePipeline;
  /** All stages that are not closed: after the move, both for some time. */
  readonly #open: Set<RuntimePipeline>;
  #moving: Promise<void> | undefined;
  readonly #inFlight = new Set<Promise<unknown>>();
  #queuedMs = 0;
  #isClosed = false;

  /**
   * @param first The open stages, which this owns.
   * @param openInWorker Opens the same in a worker; undefined if it may not.
   * @param warmUpMs Time of queued runs before they move to a worker, in ms.
   */
  constructor(
    first: RuntimePipeline,
    openInWorker: () => Promise<RuntimePipeline | undefined>,
    warmUpMs = 250,
  ) {
    this.#warmUpMs = warmUpMs;
    this.#current = first;
    this.#open = new Set([first]);
    this.#openInWorker = openInWorker;
  }

  /** Whether they run in a worker. */
  get isMoved(): boolean {
    return !this.#current.isDirect;
  }

  /**
   * Runs the stages.
   *
   * @param feeds Values of all inputs, by name.
   * @param what Their name in messages.
   * @param settings Requested outputs.
   * @returns Values of the outputs, by name.
   */
  async run(
    feeds: Feeds,
    what: string,
    settings: RunSettings,
  ): Promise<Results> {
    const begin = performance.now();
    const isQueued = this.#inFlight.size > 0;
    const running = this.#current.run(feeds, what, settings);
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
      if (isQueued) this.#countQueued(performance.now() - begin);
    }
  }

  #countQueued(ms: number): void {
    this.#queuedMs += ms;
    if (this.#queuedMs < this.#warmUpMs || this.isMoved) return;
    // If they cannot be opened, the first ones stay in use.
    this.#moving ??= this.#move().catch(() => {});
  }

  async #move(): Promise<void> {
    const stages = await this.#openInWorker();
    if (stages === undefined) return;
    if (this.#isClosed) return await stages.close();
    const first = this.#current;
    const last = [...this.#inFlight];
    this.#current = stages;
    this.#open.add(stages);
    await Promise.allSettled(last);
    if (this.#open.delete(first)) await first.close();
  }

  /** Frees the stages, without waiting for a run in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isBusy = this.#inFlight.size > 0;
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map((stages) => stages.close()));
    if (!isBusy) await this.#moving;
  }
}
