/**
 * Runs over samples: progress, and how they are stopped.
 *
 * @module
 */
import { checkOptions, checkRunOptions } from "../check.ts";
import { defaultProgress, progressBar } from "../display/progress.ts";
import { withStop } from "../display/stop_signal.ts";
import { Pacer } from "../formats/pacer.ts";
import type { RunOptions, WorkPacer } from "../types.ts";

/** What a run hands to its work. */
export interface Run {
  /** Gives the thread back now and then, and stops the work. */
  readonly pacer: WorkPacer;
  /** Counts samples that were read. */
  readonly onRows: (rows: number) => void;
}

/** Names of the options of a run. */
export const RUN_OPTIONS: readonly (keyof RunOptions)[] = [
  ...["signal", "onProgress", "progress"] as const,
];

/**
 * Runs some work over samples. A stop rejects at once; the work ends when it
 * next looks.
 *
 * @param label What is going on, as `fit deepKnn()`.
 * @param options Signal, progress.
 * @param total How many samples will be read, where that is known.
 * @param work The work.
 * @returns What the work gives.
 */
export async function run<R>(
  label: string,
  options: RunOptions,
  total: number | undefined,
  work: (run: Run) => Promise<R>,
): Promise<R> {
  checkOptions(options, label, RUN_OPTIONS);
  checkRunOptions(options, label);
  const { onProgress, progress = defaultProgress() } = options;
  const begin = performance.now();
  let samples = 0;
  const where = () =>
    `after ${samples}${total === undefined ? "" : ` of ${total}`} samples`;
  const pacer = new Pacer(withStop(options.signal), where);
  pacer.check();
  const bar = progress ? progressBar({ label, total }) : undefined;
  const rate = () =>
    samples / Math.max(1e-3, (performance.now() - begin) / 1000);
  const onRows = (rows: number) => {
    samples += rows;
    bar?.update(samples, rate());
    onProgress?.({
      samples,
      ...(total === undefined ? {} : { total }),
      samplesPerSecond: rate(),
    });
  };
  try {
    const result = await pacer.race(work({ pacer, onRows }));
    await bar?.finish(samples, rate());
    return result;
  } catch (error) {
    await bar?.fail(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
