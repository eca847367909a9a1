/**
 * The graphs that run one program. The first is there from the start, and has
 * all threads. Where work goes on and on, several take its place that have
 * fewer threads each and share the rows: threads that need not wait for each
 * other after every operator are quicker, and a few rows at once stay in the
 * caches. And where NaN is among the values, a careful one computes again what
 * the others cannot be trusted with.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import type { NdArray } from "../../types.ts";
import type { Program } from "../program.ts";
import type { RunSamples } from "../session.ts";
import type { OnnxFeed, OnnxResult } from "./runtime/messages.ts";
import { openInWorker, type OpenStages } from "./runtime/open_in_worker.ts";
import { makeReady, type ReadyProgram } from "./ready_program.ts";
import { samplesText } from "./runtime/samples_text.ts";
import { joinShares, sharesOf } from "./runtime/shares.ts";

type Inputs = readonly NdArray<ArrayBufferView>[];
type Feeds = Readonly<Record<string, OnnxFeed>>;
type Results = Readonly<Record<string, OnnxResult>>;

/** What {@linkcode ProgramGraphs} begin with. */
export interface GraphParts {
  readonly program: Program;
  /** How it was recorded, with doubts. */
  readonly ready: ReadyProgram;
  /** The first graph, with all threads; taken over. */
  readonly first: OpenStages;
  /** How many threads compute. */
  readonly threads: number;
  /** Whether the weights are those that the first graph was made with. */
  readonly isCurrent: () => boolean;
  /** How long runs must have waited for each other before several share them, in ms. */
  readonly hotAfter: number;
}

/** What the weights of all that share rows may take together. */
const MOST_BYTES = 2 ** 27;

/** How much of a row's largest value is worked on at once: a part of a core's cache. */
const BYTES_AT_ONCE = 2 ** 21;

/** The graphs that run one program. */
export class ProgramGraphs {
  readonly #parts: GraphParts;
  #several: readonly OpenStages[] = [];
  #opening: Promise<void> | undefined;
  #careful: Promise<CarefulGraph> | undefined;
  #numInFlight = 0;
  #hotMs = 0;
  #lastEnd = 0;
  #msPerRow: number | undefined;
  #isClosed = false;

  /** Takes over what was opened. */
  constructor(parts: GraphParts) {
    this.#parts = parts;
  }

  /** How long a sample took in the last run, in ms; undefined before the first. */
  get msPerRow(): number | undefined {
    return this.#msPerRow;
  }

  /** How many graphs share the rows now. */
  get numSharing(): number {
    return Math.max(1, this.#several.length);
  }

  /**
   * Runs some samples.
   *
   * @param inputs One array for each feed, read before this returns its promise.
   * @param samples Which they are, and how many are computed at once.
   * @returns Values of all outputs, by their names in the first graph.
   */
  async run(
    inputs: Inputs,
    { first = 0, batchSize = Infinity }: RunSamples = {},
  ): Promise<Results> {
    const rows = inputs[0]!.shape[0]!;
    const begin = performance.now();
    const isQueued = this.#numInFlight++ > 0;
    try {
      const results = await (this.#several.length > 0 && rows > 1
        ? this.#runShares(inputs, { first, batchSize })
        : this.#runOn(this.#parts.first, inputs, { first, batchSize }));
      const end = performance.now();
      // It began when the run before it was over, if that was later.
      const ms = end - Math.max(begin, this.#lastEnd);
      this.#lastEnd = end;
      this.#msPerRow = ms / rows;
      if (isQueued) {
        this.#warm(ms);
      }
      return results;
    } finally {
      this.#numInFlight--;
    }
  }

  /** Frees all of them; a run that is under way is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [this.#parts.first, ...this.#several];
    const careful = this.#careful?.then((graph) => graph.close(), () => {});
    const closing = open.map((graph) => graph.close());
    await Promise.all([...closing, this.#opening, careful]);
  }

  #runOn(
    graph: OpenStages,
    inputs: Inputs,
    { first, batchSize }: Required<RunSamples>,
  ): Promise<Results> {
    const { recorded } = this.#parts.ready;
    const { doubt: output } = recorded;
    const what = samplesText(first, inputs[0]!.shape[0]!);
    return graph.run(feedsOf(this.#parts.ready, inputs), what, {
      samples: { first, batchSize },
      doubt: output === undefined ? undefined : {
        output,
        again: (feeds) => this.#runCarefully(feeds, { first, batchSize }),
      },
    });
  }

  // ---- several that share the rows ----

  async #runShares(
    inputs: Inputs,
    { first, batchSize }: Required<RunSamples>,
  ): Promise<Results> {
    const shares = sharesOf(inputs, this.#several.length);
    const { bytesOfLargest } = this.#parts.ready.recorded;
    // One row alone would take other ways through products of matrices.
    const fitting = Math.max(2, Math.floor(BYTES_AT_ONCE / bytesOfLargest));
    const samples = { batchSize: Math.min(batchSize, fitting) };
    const running = shares.map(({ inputs, start }, i) =>
      this.#runOn(this.#several[i]!, inputs, {
        ...samples,
        first: first + start,
      })
    );
    return joinShares(await Promise.all(running));
  }

  /** Counts the time in which runs wait for each other: after long there shall be more. */
  #warm(ms: number): void {
    this.#hotMs += ms;
    if (this.#hotMs < this.#parts.hotAfter || this.#opening) return;
    const { ready, threads } = this.#parts;
    const canJoin = ready.bytesPerRow !== undefined;
    const count = canJoin ? numToShare(threads, ready.weightBytes) : 1;
    if (count < 2) return;
    // Where they cannot be had, it goes on as it did.
    this.#opening = this.#openSeveral(count).catch(() => {});
  }

  async #openSeveral(count: number): Promise<void> {
    const { program, threads } = this.#parts;
    const ready = await makeReady(program, { hasDoubts: true });
    this.#checkCurrent();
    const options = { threads: threads / count };
    const opened = await Promise.allSettled(
      Array.from({ length: count }, (_, i) => {
        const isLast = i === count - 1; // the others have copies of the weights
        const given = isLast ? ready.given : [];
        return openInWorker(ready.recorded.graph, { ...options, given });
      }),
    );
    const graphs = opened.flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : []
    );
    if (!this.#isClosed && graphs.length === count) this.#several = graphs;
    else await Promise.all(graphs.map((graph) => graph.close()));
  }

  // ---- the careful one ----

  async #runCarefully(
    feeds: Feeds,
    { first, batchSize }: Required<RunSamples>,
  ): Promise<Results> {
    const { ready } = this.#parts;
    const careful = await (this.#careful ??= this.#openCareful());
    const inputs = ready.recorded.feeds.map(({ name }) => feeds[name]!.array);
    const what = samplesText(first, inputs[0]!.shape[0]!);
    const results = await careful.graph.run(
      feedsOf(careful.ready, inputs),
      what,
      { samples: { first, batchSize } },
    );
    const names = namesOf(careful.ready);
    const renamed = namesOf(ready).map((
      name,
      i,
    ) => [name, results[names[i]!]!]);
    return Object.fromEntries(renamed);
  }

  async #openCareful(): Promise<CarefulGraph> {
    const { program, threads } = this.#parts;
    const ready = await makeReady(program);
    this.#checkCurrent();
    const { given } = ready;
    const graph = await openInWorker(ready.recorded.graph, { threads, given });
    if (this.#isClosed) await graph.close();
    return { ready, graph, close: () => graph.close() };
  }

  #checkCurrent(): void {
    if (this.#parts.isCurrent()) return;
    const rule = "the model's weights must be as they were when it was opened";
    throw new TypeError(cannot("run", rule, "changed", "call open() again"));
  }
}

/**
 * How many graphs should share the rows: as many as there are threads, as far
 * as they use all of them and memory goes.
 *
 * @param threads How many threads compute.
 * @param bytes What the weights of one graph take.
 * @returns A divisor of the threads.
 */
export function numToShare(threads: number, bytes: number): number {
  let count = threads;
  while (threads % count > 0 || count > 1 && count * bytes > MOST_BYTES) {
    count--;
  }
  return count;
}

/** A graph that gives right what holds NaN, too. */
interface CarefulGraph {
  readonly ready: ReadyProgram;
  readonly graph: OpenStages;
  close(): Promise<void>;
}

function feedsOf({ recorded }: ReadyProgram, inputs: Inputs): Feeds {
  const feeds = recorded.feeds.map(({ name, type }, i) =>
    [name, { type, array: inputs[i]! }] as const
  );
  return Object.fromEntries(feeds);
}

/** Names of the outputs, in an order that is the same however it was recorded. */
function namesOf({ recorded: { graph, doubt } }: ReadyProgram): string[] {
  const names = graph.outputs.map(({ name }) => name);
  return names.filter((name) => name !== doubt);
}
