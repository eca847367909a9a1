/**
 * Runs over samples, with progress and abort.
 *
 * @module
 */
import { checkOptions, checkRunOptions } from "../check.ts";
import { errorText } from "../errors.ts";
import { withStop } from "../display/stop_signal.ts";
import { Pacer } from "../formats/pacer.ts";
import type { RunOptions, WorkPacer } from "../types.ts";

/** The arguments of the work of a run. */
export interface Run {
  /** Yields the thread at intervals, and aborts the work. */
  readonly pacer: WorkPacer;
  /** Counts read samples. */
  readonly onRows: (rows: number) => void;
}

/** Names of the options of a run. */
export const RUN_OPTIONS: readonly (keyof RunOptions)[] = [
  ...["signal", "onProgress", "progress"] as const,
];

/**
 * Runs work over samples. An abort rejects immediately; the work ends at its
 * next check.
 *
 * @param label Description, such as `fit deepKnn()`.
 * @param options Signal, progress.
 * @param total Number of samples to read, if known.
 * @param work The work.
 * @returns The result of the work.
 */
export async function run<R>(
  label: string,
  options: RunOptions,
  total: number | undefined,
  work: (run: Run) => Promise<R>,
): Promise<R> {
  checkOptions(options, label, RUN_OPTIONS);
  checkRunOptions(options, label);
  const { defaultProgress, progressBar } = await import(
    "../display/progress.ts"
  );
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
    await bar?.fail(errorText(error));
    throw error;
  }
}
