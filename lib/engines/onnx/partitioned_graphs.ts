/**
 * The graphs that run one program. The first is open from the start and uses
 * all threads. After a warm-up with queued runs, several graphs with fewer
 * threads each replace it, in workers, and the rows of a batch are partitioned
 * among them: threads without a barrier after every operator are faster, and
 * micro-batches of a few rows fit the caches. With one thread one graph in a
 * worker replaces it.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { rowView } from "../../math/row_view.ts";
import type { NdArray } from "../../types.ts";
import type { RunSamples } from "../session.ts";
import { NaNFallback } from "./nan_fallback.ts";
import type { Recording } from "./recording.ts";
import type { DeviceName } from "./runtime/device.ts";
import type { OnnxFeed, OnnxResult } from "./runtime/messages.ts";
import { missingPermission } from "./runtime/missing_runtime.ts";
import {
  openPipeline,
  openWorkerLink,
  type RuntimePipeline,
} from "./runtime/open_pipeline.ts";
import { hasNonFinite, joinResults, partitionsOf } from "./runtime/rows.ts";
import { samplesText } from "./runtime/runtime.ts";

type Inputs = readonly NdArray<ArrayBufferView>[];
type Feeds = Readonly<Record<string, OnnxFeed>>;
type Results = Readonly<Record<string, OnnxResult>>;

/** The arguments of {@linkcode PartitionedGraphs}. */
export interface GraphSettings {
  /** The program. */
  readonly recording: Recording;
  /** Its fast graph, with all threads; closed with the others. */
  readonly first: RuntimePipeline;
  /** Size of the constants of one graph, in bytes. */
  readonly weightBytes: number;
  /** Number of threads. */
  readonly threads: number;
  /** The device; rows are partitioned only on the processor. */
  readonly device?: DeviceName;
  /** Whether the weights are unchanged since the first graph was opened. */
  readonly isCurrent: () => boolean;
  /** Time of queued runs before rows are partitioned, in ms. */
  readonly warmUpMs: number;
}

/** Limit for the weights of all graphs among which rows are partitioned, in bytes. */
const MOST_BYTES = 2 ** 27;

/** Limit for the largest value of a micro-batch, in bytes: part of the cache of a core. */
const BYTES_AT_ONCE = 2 ** 21;

/** The graphs that run one program. */
export class PartitionedGraphs {
  readonly #settings: GraphSettings;
  readonly #fallback: NaNFallback;
  #several: readonly RuntimePipeline[] = [];
  #opening: Promise<void> | undefined;
  #numInFlight = 0;
  #queuedMs = 0;
  #lastEnd = 0;
  #msPerRow: number | undefined;
  #isClosed = false;

  /** Creates the group with the first graph, which it owns. */
  constructor(settings: GraphSettings) {
    const { recording, threads } = settings;
    this.#settings = settings;
    this.#fallback = new NaNFallback(async () => {
      const { model, transferable } = await recording.encode("exact");
      this.#checkCurrent();
      // On the processor: shaders may not propagate NaN, for example in a
      // maximum with 0.
      return await openPipeline(model, { threads, transferable });
    });
  }

  /** Time per sample in the last run, in ms; undefined before the first. */
  get msPerRow(): number | undefined {
    return this.#msPerRow;
  }

  /** The number of graphs that rows are partitioned among. */
  get numPartitions(): number {
    return Math.max(1, this.#several.length);
  }

  /**
   * Runs some samples.
   *
   * @param inputs One array for each feed, read before this returns its promise.
   * @param samples Range of the samples, and size of micro-batches.
   * @returns Values of all outputs, by their names in the recording.
   */
  async run(
    inputs: Inputs,
    { first = 0, batchSize = Infinity }: RunSamples = {},
  ): Promise<Results> {
    const rows = inputs[0]!.shape[0]!;
    const begin = performance.now();
    const isQueued = this.#numInFlight++ > 0;
    try {
      const samples = { first, batchSize };
      const results = await (this.#isLostOnDevice(inputs)
        ? this.#runNonFinite(inputs, samples)
        : this.#several.length > 0 && rows > 1
        ? this.#runPartitions(inputs, samples)
        : this.#runOn(this.#settings.first, inputs, samples));
      const end = performance.now();
      // It started when the previous run ended, if that was later.
      const ms = end - Math.max(begin, this.#lastEnd);
      this.#lastEnd = end;
      this.#msPerRow = ms / rows;
      if (isQueued) {
        this.#countQueued(ms);
      }
      return results;
    } finally {
      this.#numInFlight--;
    }
  }

  /**
   * Frees all graphs, without waiting for a run in flight or a graph that is
   * being opened: these are freed when they are done.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isBusy = this.#numInFlight > 0;
    const open = [this.#settings.first, ...this.#several];
    const fallback = this.#fallback.close();
    if (isBusy) fallback.catch(() => {}); // no caller is waiting for it
    await Promise.all(open.map((graph) => graph.close()));
    if (!isBusy) await Promise.all([this.#opening, fallback]);
  }

  #runOn(
    graph: RuntimePipeline,
    inputs: Inputs,
    samples: Required<RunSamples>,
  ): Promise<Results> {
    const { nanOutput: output } = this.#settings.recording.outputs;
    const what = samplesText(samples.first, inputs[0]!.shape[0]!);
    return graph.run(this.#named(inputs), what, {
      samples,
      ifNaN: output === undefined ? undefined : {
        output,
        run: (feeds: Feeds) => this.#fallback.run(feeds, what, { samples }),
      },
    });
  }

  #named(inputs: Inputs): Feeds {
    const named = this.#settings.recording.feeds.map(({ name, type }, i) =>
      [name, { type, array: inputs[i]! }] as const
    );
    return Object.fromEntries(named);
  }

  /** Whether inputs hold NaN or infinities that a device may not propagate. */
  #isLostOnDevice(inputs: Inputs): boolean {
    const { device = "cpu" } = this.#settings;
    return device !== "cpu" && inputs.some(hasNonFinite);
  }

  /**
   * Runs the micro-batches with NaN or infinities on the processor, and the
   * others on the device: the same rows whatever the size of a batch.
   */
  async #runNonFinite(
    inputs: Inputs,
    { first, batchSize }: Required<RunSamples>,
  ): Promise<Results> {
    const rows = inputs[0]!.shape[0]!;
    const size = Math.min(batchSize, rows);
    const sizes: number[] = [];
    const running: Promise<Results>[] = [];
    for (let start = 0; start < rows; start += size) {
      const end = Math.min(start + size, rows);
      const part = inputs.map((x) => rowView(x, start, end));
      const samples = { first: first + start, batchSize };
      sizes.push(end - start);
      running.push(
        this.#isLostOnDevice(part)
          ? this.#runExact(part, samples)
          : this.#runOn(this.#settings.first, part, samples),
      );
    }
    const results = await Promise.all(running);
    return results.length === 1
      ? results[0]!
      : joinResults(results, sizes, rows);
  }

  #runExact(inputs: Inputs, samples: Required<RunSamples>): Promise<Results> {
    const what = samplesText(samples.first, inputs[0]!.shape[0]!);
    // Copied, because the exact graph may have to be opened first.
    const copies = inputs.map((x) => {
      const { data } = x as NdArray;
      return { ...x, data: data.slice() };
    });
    return this.#fallback.run(this.#named(copies), what, { samples });
  }

  async #runPartitions(
    inputs: Inputs,
    { first, batchSize }: Required<RunSamples>,
  ): Promise<Results> {
    const partitions = partitionsOf(inputs, this.#several.length);
    const { bytesOfLargest } = this.#settings.recording;
    // Matrix products of a single row use another algorithm.
    const fitting = Math.max(2, Math.floor(BYTES_AT_ONCE / bytesOfLargest));
    const microBatch = Math.min(batchSize, fitting);
    const running = partitions.map(({ inputs, start }, i) =>
      this.#runOn(this.#several[i]!, inputs, {
        batchSize: microBatch,
        first: first + start,
      })
    );
    const results = await Promise.all(running);
    const sizes = partitions.map(({ inputs }) => inputs[0]!.shape[0]!);
    return joinResults(results, sizes, inputs[0]!.shape[0]!);
  }

  /** Sums the time of queued runs; after the warm-up, opens several graphs. */
  #countQueued(ms: number): void {
    this.#queuedMs += ms;
    if (this.#queuedMs < this.#settings.warmUpMs || this.#opening) return;
    const { recording, first, threads, weightBytes } = this.#settings;
    const { device = "cpu" } = this.#settings;
    const canJoin = device === "cpu" &&
      recording.outputs.bytesPerRow !== undefined;
    if (!canJoin) return;
    const count = numPartitionsFor(threads, weightBytes);
    // With one thread a graph in a worker leaves this thread to the caller.
    const moves = threads === 1 && first.isDirect && weightBytes <= MOST_BYTES;
    if (count < 2 && !moves) return;
    // If they cannot be opened, the first graph stays in use.
    this.#opening = this.#openSeveral(count).catch(() => {});
  }

  async #openSeveral(count: number): Promise<void> {
    const { recording, threads } = this.#settings;
    // A single graph would be the first once more.
    if (count === 1 && await missingPermission() !== undefined) return;
    const { model, transferable } = await recording.encode("fast");
    this.#checkCurrent();
    if (this.#isClosed) return;
    const options = { threads: threads / count };
    const opened = await Promise.allSettled(
      Array.from({ length: count }, async (_, i) => {
        const isLast = i === count - 1; // the others have copies of the weights
        return await openPipeline(model, {
          ...options,
          link: await openWorkerLink(),
          transferable: isLast ? transferable : [],
        });
      }),
    );
    const graphs = opened.flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : []
    );
    if (!this.#isClosed && graphs.length === count) this.#several = graphs;
    else await Promise.all(graphs.map((graph) => graph.close()));
  }

  #checkCurrent(): void {
    if (this.#settings.isCurrent()) return;
    const rule = "the model's weights must be as they were when it was opened";
    throw new TypeError(cannot("run", rule, "changed", "call open() again"));
  }
}

/**
 * The number of graphs to partition rows among: one per thread, as long as no
 * thread is idle and memory suffices.
 *
 * @param threads Number of threads.
 * @param bytes Size of the weights of one graph.
 * @returns A divisor of the threads.
 */
export function numPartitionsFor(threads: number, bytes: number): number {
  let count = threads;
  while (threads % count > 0 || count > 1 && count * bytes > MOST_BYTES) {
    count--;
  }
  return count;
}
