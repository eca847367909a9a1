/**
 * The loop over a dataset: read a batch, run it, report.
 *
 * The consumer of the results sets the pace. For an engine in this thread,
 * nothing is read ahead; an engine in another thread gets its next batch while
 * it computes. An abort takes effect immediately, also while waiting for the
 * dataset or the engine; the result of a pending computation is ignored.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { errorText } from "../errors.ts";
import {
  batchesOf,
  type BatchPlan,
  type HostBatch,
  prepareDataset,
  type SampleRange,
} from "../datasets/batches.ts";
import { checkOneBatch } from "../engines/fixed_batches.ts";
import { defaultProgress, progressBar } from "../display/progress.ts";
import { withStop } from "../display/stop_signal.ts";
import { Pacer } from "../formats/pacer.ts";
import type { Program, RunOutputs } from "../engines/program.ts";
import type { Session } from "../engines/session.ts";
import type { CollectedBatch } from "../features/collector.ts";
import type { Dataset, RunOptions } from "../types.ts";
import { BatchQueue } from "./batch_queue.ts";
import type { ExtractorProgram } from "./compile.ts";
import { datasetSpecs, fedArrays } from "./feeds.ts";

/** A program in an open session. */
export interface Opened {
  readonly program: ExtractorProgram;
  readonly session: Session;
  readonly batchSize: number;
}

/** A run over a dataset. */
export interface BatchRun {
  /** Known facts about the dataset. */
  readonly plan: BatchPlan;
  /** The results, batch by batch. */
  readonly batches: AsyncGenerator<CollectedBatch>;
}

/** How a run is displayed and read. */
export interface RunWay {
  /** Label of the progress bar. */
  readonly label: string;
  /** Whether several batches may be yielded as one, where that is faster. */
  readonly isJoined: boolean;
  /** The range of samples to read; default: all. */
  readonly range?: SampleRange | undefined;
  /** Samples per part: batches of different parts do not run at once. */
  readonly partSize?: number | undefined;
}

/**
 * Prepares a dataset before a run.
 *
 * @param dataset The dataset.
 * @param options Signal.
 * @returns A promise to await; undefined if no preparation is needed.
 */
export function prepared(
  dataset: Dataset,
  options: RunOptions,
): Promise<void> | undefined {
  const signal = withStop(options.signal);
  const work = prepareDataset(dataset, signal);
  const pacer = new Pacer(signal, () => "before the first sample");
  return work === undefined ? undefined : pacer.race(work);
}

/**
 * Starts a run.
 *
 * @param opened The session.
 * @param dataset The dataset.
 * @param options Signal and progress.
 * @param way Label of the bar, and whether several batches may be yielded as
 * one.
 * @returns The run; nothing is computed before its first batch is requested.
 */
export function runBatches(
  opened: Opened,
  dataset: Dataset,
  options: RunOptions,
  { label, isJoined, range, partSize = Infinity }: RunWay,
): BatchRun {
  const signal = withStop(options.signal);
  const { program, session, batchSize } = opened;
  const partBatches = Math.ceil(partSize / batchSize);
  const atOnce = (start: number) => {
    const before = (start - (range?.start ?? 0)) / batchSize;
    const rest = partBatches - before % partBatches;
    return Math.min(session.batchesAtOnce?.(batchSize) ?? 1, rest);
  };
  const plan = batchesOf(dataset, {
    size: batchSize,
    // Strings may be padded to the longest of a batch.
    atOnce: isJoined && program.feeds.every(({ host }) => host === undefined)
      ? atOnce
      : undefined,
    inputs: datasetSpecs(program.feeds, program.graph),
    range,
    signal,
  });
  const first = range?.start ?? 0;
  const run = { ...options, signal, first };
  return { plan, batches: loop(opened, plan, run, label) };
}

async function* loop(
  opened: Opened,
  plan: BatchPlan,
  options: Omit<RunOptions, "signal"> & {
    readonly signal: AbortSignal | undefined;
    /** Index of the first sample in the dataset. */
    readonly first: number;
  },
  label: string,
): AsyncGenerator<CollectedBatch> {
  const { batches, length: total, batchSize } = plan;
  const { onProgress, progress = defaultProgress() } = options;
  const begin = performance.now();
  let samples = 0;
  const where = () =>
    `after ${samples}${total === undefined ? "" : ` of ${total}`} samples`;
  const pacer = new Pacer(options.signal, where);
  const bar = progress ? progressBar({ label, total }) : undefined;
  const rate = () =>
    samples / Math.max(1e-3, (performance.now() - begin) / 1000);
  const iterator = batches[Symbol.asyncIterator]();
  const queue = queueOf(opened, iterator, pacer, batchSize, options.first);
  // Closing a dataset waits for its pending batch, which may never come.
  const close = () =>
    closeDataset(iterator, options.signal?.aborted === true || queue.isReading);
  let isOver = false;
  try {
    while (true) {
      pacer.check();
      const next = await queue.next();
      if (next === undefined) break;
      const { batch: host, result } = next;
      host.release?.(); // the session has returned its results
      const batch = collected(opened.program, host, result, samples);
      samples += batch.rows;
      bar?.update(samples, rate());
      onProgress?.({
        samples,
        ...(total === undefined ? {} : { total }),
        samplesPerSecond: rate(),
        ...(plan.skipped?.length ? { skipped: [...plan.skipped] } : {}),
      });
      yield batch;
      if (pacer.isDue()) await pacer.pause();
    }
    isOver = true;
    await bar?.finish(samples, rate());
  } catch (error) {
    isOver = true;
    await close().catch(() => {}); // the first error is the one to report
    await bar?.fail(errorText(error));
    throw error;
  } finally {
    if (!isOver) { // the consumer stopped reading
      await close();
      await bar?.fail(`stopped ${where()}`);
    }
  }
}

/** Reads batches, and runs several at the same time. */
function queueOf(
  { program, session }: Opened,
  iterator: AsyncIterator<HostBatch>,
  pacer: Pacer,
  batchSize: number | undefined,
  start: number,
) {
  const { feeds, graph } = program;
  let read = 0;
  const run = (batch: HostBatch) => {
    const first = read;
    read += batch.rows;
    checkOneBatch(program, start + read, start + first);
    const samples = batchSize === undefined ? { first } : { first, batchSize };
    const inputs = fedArrays(feeds, batch.inputs);
    return session.run(inputs, pacer, samples).catch(async (error) => {
      const failed = { feeds, inputs, first };
      const { indexError } = await import("./index_error.ts");
      const { sizeError } = await import("./size_error.ts");
      throw sizeError(indexError(error, failed), failed, graph);
    });
  };
  return new BatchQueue(
    () => pacer.race(iterator.next()),
    run,
    session.maxInFlight,
  );
}

/**
 * Closes a dataset. If it is waiting for a batch, it is closed without awaiting
 * it, because it may wait forever.
 */
async function closeDataset(
  iterator: AsyncIterator<unknown>,
  isUnawaited: boolean,
): Promise<void> {
  const done = iterator.return?.();
  if (isUnawaited) done?.catch(() => {});
  else await done;
}

/** Checks the results of one batch and returns them in the form of a set. */
function collected(
  program: Program,
  batch: HostBatch,
  outputs: RunOutputs,
  first: number,
): CollectedBatch {
  const { features, logits, penultimate, scale } = outputs;
  const { rows, labels, ids, nonFinite, end, numSkipped } = batch;
  checkRows(outputs, rows, program);
  if (scale !== undefined) checkScale(scale, batch, first);
  return {
    features,
    rows,
    nonFinite,
    end,
    numSkipped,
    ...(logits === undefined ? {} : { logits }),
    ...(penultimate === undefined ? {} : { penultimate }),
    ...(labels === undefined ? {} : { labels }),
    ...(ids === undefined ? {} : { ids }),
  };
}

/** Anything with a shape. */
interface Shaped {
  readonly shape: readonly number[];
}

/**
 * Checks that the results of a batch have one row per sample. Optional logits
 * are not checked: those of another number of rows are omitted later.
 *
 * @param outputs The results, `[N, …]`.
 * @param rows Number of samples.
 * @param program Names the layers.
 * @throws {TypeError} If one has a different number of rows.
 */
export function checkRows(
  { features, logits, penultimate }: {
    readonly features: readonly Shaped[];
    readonly logits?: Shaped | undefined;
    readonly penultimate?: Shaped | undefined;
  },
  rows: number,
  program: Pick<Program, "features" | "logits">,
): void {
  const named: [string, Shaped | undefined][] = [
    ...features.map((feature, i): [string, Shaped] => [
      `layer "${program.features[i]!.name}"`,
      feature,
    ]),
    ["logits", program.logits?.isOptional ? undefined : logits],
    ["the penultimate", penultimate],
  ];
  for (const [name, array] of named) {
    if (array === undefined || array.shape[0] === rows) continue;
    const rule = name === "logits"
      ? `they must have one row for each of the ${rows} samples`
      : `it must give one row for each of the ${rows} samples`;
    const advice = array.shape[0] === 1
      ? "use .batch(1), for a model that computes one sample at a time"
      : undefined;
    throw new TypeError(cannot(`take ${name}`, rule, array.shape, advice));
  }
}

/**
 * Checks the shaping factors: an infinite factor gives infinite logits, which
 * look like a confident prediction.
 */
function checkScale(
  scale: Float32Array,
  batch: HostBatch,
  first: number,
): void {
  const row = scale.findIndex((factor, i) =>
    !Number.isFinite(factor) && !batch.nonFinite.includes(i)
  );
  if (row < 0) return;
  const id = batch.ids?.[row];
  const name = id === undefined ? "" : ` ("${id}")`;
  throw new RangeError(
    cannot(
      "shape the penultimate",
      `the factor of each row must be finite, in row ${first + row}${name} too`,
      scale[row],
      "take a lower percentile where penultimates of both signs nearly " +
        "cancel out, or leave out a sample for which the model itself gives NaN",
    ),
  );
}
