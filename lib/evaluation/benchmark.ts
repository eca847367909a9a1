import { cannot, checkAwaited, checkOptions } from "../check.ts";
import { checkComparable } from "../detectors/define_detector.ts";
import { isFeatureSet } from "../features/view/shown_arrays.ts";
import {
  checkMetricOptions,
  METRIC_OPTIONS,
  metricSteps,
  type OodMetrics,
  type OodMetricsOptions,
} from "../metrics/ood_metrics.ts";
import { checkScores } from "../metrics/scores.ts";
import type {
  Detector,
  FeatureInput,
  RunOptions,
  Scorer,
  WorkPacer,
} from "../types.ts";
import type { CheckedEntry } from "./_checked_options.ts";
import type {
  BenchmarkRow,
  BenchmarkTable,
  MeasuredEntry,
} from "./benchmark_table.ts";

/**
 * A named detector, with separate features if it needs other ones: shaped logits,
 * feature maps, another layer.
 *
 * @category Evaluation
 */
export interface BenchmarkEntry {
  /** Its name in the table. */
  readonly name: string;
  /** The detector. */
  readonly detector: Detector;
  /** Samples to fit on. Default: those of the benchmark. */
  readonly fit?: FeatureInput;
  /** Known samples. Default: those of the benchmark. */
  readonly known?: FeatureInput;
  /** Unknown samples, under the same names. Default: those of the benchmark. */
  readonly unknown?: Readonly<Record<string, FeatureInput>>;
}

/**
 * Options of {@linkcode benchmark}.
 *
 * @category Evaluation
 */
export interface BenchmarkOptions extends RunOptions, OodMetricsOptions {
  /** Detectors, or entries with a name; names must be unique. */
  readonly detectors: readonly (Detector | BenchmarkEntry)[];
  /** Known samples that every detector is fitted on: the training set. */
  readonly fit: FeatureInput;
  /** Held-out known samples. */
  readonly known: FeatureInput;
  /** Unknown samples by the name of their set. */
  readonly unknown: Readonly<Record<string, FeatureInput>>;
}

const ACTION = "run benchmark";

/**
 * Compares detectors on the same features: each is fitted once, scores known
 * and unknown samples, and has a row for each unknown set.
 *
 * Features are extracted beforehand, once for all detectors; an entry can have
 * other features. A detector that fails, such as one that needs labels if there
 * are none, becomes a row with its error, and the remaining detectors are still
 * run. Only an abort ends the benchmark. Known and unknown samples must be
 * extracted with the same settings, including shaping and perturbation.
 *
 * Known samples must not be those of the fit: sets in memory that share more than
 * half of their samples, by ids and features, are refused; streams are not
 * compared. Use a benchmark to
 * choose among detectors. The result of the best of many is optimistic, so measure
 * it again on other samples.
 *
 * @param options Detectors and features; kind, confidence and seed of the
 * intervals; signal and progress, counted in samples fitted and scored.
 * @returns The table.
 * @throws {TypeError} If a value is missing, of the wrong type, or a promise.
 * @throws {RangeError} If there is no detector or no unknown set, names are not
 * unique, an option is out of range, or the known samples are those of the fit.
 * @throws {DOMException} `AbortError`, if it is aborted.
 *
 * @example Two detectors of logits
 * ```ts
 * import { benchmark, energy, featureSet, msp, show } from "@sonde/sonde";
 *
 * const set = (...logits: number[]) =>
 *   featureSet({
 *     logits: {
 *       data: Float32Array.from(logits),
 *       shape: [logits.length / 2, 2],
 *       dtype: "float32",
 *     },
 *   });
 * const table = await benchmark({
 *   detectors: [msp(), { name: "energy, T = 2", detector: energy({ temperature: 2 }) }],
 *   fit: set(9, 0, 0, 8, 7, 1),
 *   known: set(8, 0, 0, 9, 1, 7),
 *   unknown: { noise: set(1, 1, 2, 1, 0, 0) },
 * });
 * await show(table);
 * ```
 *
 * @category Evaluation
 */
export async function benchmark(
  options: BenchmarkOptions,
): Promise<BenchmarkTable> {
  checkAwaited(options, ACTION, "its argument");
  if (typeof options !== "object" || options === null) {
    const rule = "its argument must be { detectors, fit, known, unknown }";
    throw new TypeError(cannot(ACTION, rule, options));
  }
  checkOptions(options, ACTION, [
    ...["detectors", "fit", "known", "unknown"],
    ...["signal", "onProgress", "progress"],
    ...METRIC_OPTIONS,
  ]);
  const metrics = checkMetricOptions(
    Object.fromEntries(
      METRIC_OPTIONS.filter((key) => options[key] !== undefined)
        .map((key) => [key, options[key]]),
    ),
    ACTION,
  );
  const { checkEntries } = await import("./_checked_options.ts");
  const entries = checkEntries(options, ACTION);
  const { signal, onProgress, progress } = options;
  const running = {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(progress === undefined ? {} : { progress }),
  };
  const work: Work = { signal, metrics };
  const { run } = await import("../detectors/run.ts");
  return await run(ACTION, running, totalOf(entries), async (run) => {
    const measured: MeasuredEntry[] = [];
    for (const entry of entries) {
      measured.push(await measure(entry, { ...work, ...run }));
    }
    const { makeBenchmarkTable } = await import("./benchmark_table.ts");
    return makeBenchmarkTable(measured);
  });
}

interface Work {
  readonly signal: AbortSignal | undefined;
  readonly metrics: Required<OodMetricsOptions>;
}

interface Running extends Work {
  readonly pacer: WorkPacer;
  readonly onRows: (rows: number) => void;
}

async function measure(
  entry: CheckedEntry,
  running: Running,
): Promise<MeasuredEntry> {
  const { name, detector, fit } = entry;
  const sets = Object.entries(entry.unknown);
  const failed = (error: Error) =>
    sets.map(([unknown]): BenchmarkRow =>
      Object.freeze({ detector: name, unknown, error })
    );
  const fitted = await timed(
    fit,
    running,
    (options) => detector.fit(fit, options),
  );
  if (fitted.error) return { entry, rows: failed(fitted.error) };
  const scorer = fitted.result;
  const known = await score(scorer, entry.known, "known", entry, running);
  if (known.error) return { entry, rows: failed(known.error) };
  const rows: BenchmarkRow[] = [];
  const scores: Record<string, Float64Array> = {};
  for (const [unknown, set] of sets) {
    const scored = await score(scorer, set, unknown, entry, running);
    const row = { detector: name, unknown };
    const found = scored.error
      ? scored
      : await numbers(known.result, scored.result, running);
    if (found.error || scored.error) {
      rows.push(Object.freeze({ ...row, error: found.error! }));
      continue;
    }
    scores[unknown] = scored.result;
    const times = { fitMs: fitted.ms, scoreMs: scored.ms };
    rows.push(Object.freeze({ ...row, ...found.result, ...times }));
  }
  return { entry, rows, scores: { known: known.result, unknown: scores } };
}

/** The outcome of a step: a result or an error. */
type Outcome<R> =
  | { readonly result: R; readonly ms: number; readonly error?: never }
  | { readonly error: Error };

async function numbers(
  known: Float64Array,
  unknown: Float64Array,
  { metrics, pacer }: Running,
): Promise<Outcome<OodMetrics>> {
  try {
    const steps = metricSteps(known, unknown, metrics);
    return { result: await pacer.drive(steps), ms: 0 };
  } catch (error) {
    pacer.check(); // an abort is not a failure of the detector
    return { error: asError(error) };
  }
}

function score(
  scorer: Scorer,
  input: FeatureInput,
  name: string,
  { detector, known }: CheckedEntry,
  running: Running,
): Promise<Outcome<Float64Array>> {
  return timed(input, running, async (options) => {
    const action = `score with "${scorer.name}"`;
    if (isFeatureSet(known) && isFeatureSet(input)) {
      checkComparable(detector, known, input, action);
    }
    const scores = checkScores(
      await scorer.score(input, options),
      action,
      name,
    );
    const count = samplesOf(input);
    if (count === undefined || count === scores.length) return scores;
    const rule = `there must be a score for each of ${count} samples`;
    throw new RangeError(cannot(action, rule, scores.length));
  });
}

/** Runs one step and counts its samples. Returns errors other than an abort. */
async function timed<R>(
  input: FeatureInput,
  { pacer, onRows, signal }: Running,
  work: (options: RunOptions) => Promise<R>,
): Promise<Outcome<R>> {
  await pacer.rest();
  const total = samplesOf(input);
  let seen = 0;
  const count = (samples: number) => {
    const next = Math.min(samples, total ?? samples);
    if (next > seen) onRows(next - seen);
    seen = Math.max(seen, next);
  };
  const begin = performance.now();
  try {
    const result = await work({
      progress: false,
      onProgress: ({ samples }) => count(samples),
      ...(signal === undefined ? {} : { signal }),
    });
    return { result, ms: performance.now() - begin };
  } catch (error) {
    pacer.check(); // an abort is not a failure of the detector
    return { error: asError(error) };
  } finally {
    count(total ?? seen);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Number of samples of an input, if known. */
function samplesOf(input: FeatureInput): number | undefined {
  if (typeof input === "function") return undefined;
  return "ids" in input ? input.ids.length : input.samples;
}

/** Total number of samples to fit and score, if known. */
function totalOf(entries: readonly CheckedEntry[]): number | undefined {
  let total = 0;
  for (const { fit, known, unknown } of entries) {
    for (const input of [fit, known, ...Object.values(unknown)]) {
      total += samplesOf(input) ?? NaN;
    }
  }
  return Number.isNaN(total) ? undefined : total;
}
