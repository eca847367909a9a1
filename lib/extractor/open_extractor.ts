import { cannot, checkAwaited, refuseMore, shapeText } from "../check.ts";
import type { SampleRange } from "../datasets/batches.ts";
import { wholeBatches } from "../engines/fixed_batches.ts";
import type { LogitsTarget } from "../engines/program.ts";
import {
  type CollectedBatch,
  FeatureCollector,
} from "../features/collector.ts";
import type { Pacer } from "../formats/pacer.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type {
  Dataset,
  FeatureSet,
  FeatureSource,
  RunOptions,
  Runs,
  SkippedSample,
  TensorFeatures,
  TensorInputs,
} from "../types.ts";
import { chooseEngine, withDevice } from "./choose_engine.ts";
import { compile } from "./compile.ts";
import { logitsLeftOut } from "./logits.ts";
import { openingPacer, openSession } from "./open_session.ts";
import { checkRun } from "./options.ts";
import { type Plan, planOf, warnedPlan } from "./plan.ts";
import {
  type BatchRun,
  type Opened,
  prepared,
  runBatches,
} from "./run_batches.ts";
import type { Settings } from "./settings.ts";

/**
 * An extractor with its session kept open, for many small runs.
 *
 * Closing it frees what the engine holds for it, never the model.
 *
 * @category Extraction
 */
export interface OpenExtractor extends Runs, AsyncDisposable {
  /** The plan of the run. */
  readonly plan: Plan;
  /**
   * Frees the resources of the engine; a second call does nothing.
   *
   * @returns A promise that resolves when done.
   */
  close(): Promise<void>;
}

/**
 * Opens a session for some settings.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param signal Aborts it.
 * @returns The session; the caller closes it.
 * @throws {DOMException} If it is aborted. It rejects immediately; a session
 * that a native call is still opening is closed afterwards.
 */
export async function openRuns(
  graph: ModelGraph,
  settings: Settings,
  signal?: AbortSignal,
): Promise<OpenRuns> {
  const pacer = openingPacer(signal);
  const opening = openInSteps(graph, settings, pacer);
  return await pacer.race(opening, (late) => late.close());
}

async function openInSteps(
  graph: ModelGraph,
  settings: Settings,
  pacer: Pacer,
): Promise<OpenRuns> {
  const program = await compile(graph, settings, pacer);
  await pacer.rest();
  // Weights of a file are read while the runtime is loaded and opens it.
  const isFile = graph.onnx !== undefined;
  const identity = isFile ? graph.fingerprint(pacer) : undefined;
  identity?.catch(() => {}); // thrown below
  const choice = await chooseEngine(program, settings);
  await pacer.rest();
  const plan = await planOf(graph, program, settings, choice);
  const isCurrent = () => isUnchanged(graph, program.weightData!);
  const session = await openSession(
    program,
    choice,
    { meanwhile: () => graph.fingerprint(pacer), isCurrent, pacer },
  );
  try {
    // The native engine may have read weights that changed meanwhile.
    if (!isCurrent()) throw changed("open session");
    const model = await (identity ?? graph.fingerprint(pacer));
    const chosen = withDevice(program.settings, choice);
    const source = Object.freeze({ model, settings: chosen });
    const batchSize = wholeBatches(settings.batchSize, program);
    const opened = { program, session, batchSize };
    return new OpenRuns({ opened, plan, graph, source });
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A piece of a run over a part of a dataset. */
export interface RunPart extends Required<SampleRange> {
  /** The features of its samples; undefined if all were skipped. */
  readonly set: FeatureSet | undefined;
  /** The skipped samples. */
  readonly skipped: readonly SkippedSample[];
  /** Index after its last sample. */
  readonly end: number;
}

/** The contents of an open session. */
interface OpenParts {
  readonly opened: Opened;
  readonly plan: Plan;
  readonly graph: ModelGraph;
  /** The source of its sets. */
  readonly source: FeatureSource;
}

/**
 * The three run methods over an open session. The caller has checked the
 * options.
 */
export class OpenRuns implements Runs, AsyncDisposable {
  #plan: Plan;
  #omitsLogits = false;
  /** Kept, because small calls would notice another import. */
  #tensorRuns: typeof import("./run_tensors.ts") | undefined;
  readonly #opened: Opened;
  readonly #graph: ModelGraph;
  readonly #source: FeatureSource;
  #isClosed = false;

  constructor({ opened, plan, graph, source }: OpenParts) {
    this.#opened = opened;
    this.#graph = graph;
    this.#source = source;
    this.#plan = plan;
  }

  /** The plan of the run, with a warning if logits were omitted. */
  get plan(): Plan {
    return this.#plan;
  }

  async predict(
    dataset: Dataset,
    options: RunOptions,
  ): Promise<FeatureSet> {
    const { plan, batches } = await this.#run("predict", dataset, options);
    const collector = this.#collector(plan.length);
    for await (const batch of batches) this.#collect(collector, batch);
    return collector.finish(this.#fields(plan.classNames));
  }

  async *stream(
    dataset: Dataset,
    options: RunOptions,
  ): AsyncGenerator<FeatureSet> {
    const { plan, batches } = await this.#run("stream", dataset, options);
    let start = 0;
    for await (const batch of batches) {
      const collector = this.#collector(batch.rows, start);
      this.#collect(collector, batch);
      start += batch.rows;
      yield collector.finish(this.#fields(plan.classNames));
    }
  }

  /**
   * Runs over a part of a dataset, several batches to a set.
   *
   * @param dataset The prepared dataset.
   * @param options Signal, progress.
   * @param range The range of its samples.
   * @param partSize Samples of a set; whole batches.
   * @param isFull Whether a set of that many bytes is complete; used if
   * `partSize` is undefined.
   * @returns The sets, with the range of samples of each. The last set is
   * undefined if all remaining samples were skipped.
   */
  async *parts(
    dataset: Dataset,
    options: RunOptions,
    range: SampleRange,
    partSize: number | undefined,
    isFull: (bytes: number) => boolean,
  ): AsyncGenerator<RunPart> {
    await this.#check("write");
    const way = { label: "write", isJoined: true, range, partSize };
    const { plan, batches } = runBatches(this.#opened, dataset, options, way);
    let { start } = range;
    let numSkipped = 0;
    let collector: FeatureCollector | undefined;
    let bytes = 0;
    const part = (end: number, skippedUntil: number): RunPart => {
      const set = collector?.finish(this.#fields(plan.classNames));
      const skipped = plan.skipped?.slice(numSkipped, skippedUntil) ?? [];
      const part = { set, start, end, skipped };
      [collector, bytes, start, numSkipped] = [undefined, 0, end, skippedUntil];
      return part;
    };
    let end = start;
    let skippedUntil = 0;
    try {
      for await (const batch of batches) {
        collector ??= this.#collector(undefined, start);
        const size = bytesOf(batch);
        this.#collect(collector, batch);
        bytes += size;
        end = batch.end ?? end + batch.rows;
        skippedUntil = batch.numSkipped ?? 0;
        const full = partSize === undefined
          ? isFull(bytes)
          : collector.rows >= partSize;
        if (!full) continue;
        yield part(end, skippedUntil);
      }
    } catch (error) {
      // Yield what was computed before the error.
      if (collector?.rows) yield part(end, skippedUntil);
      throw error;
    }
    const all = plan.skipped?.length ?? 0;
    end = range.end ?? end + all - skippedUntil;
    if (collector !== undefined || all > numSkipped) yield part(end, all);
  }

  async predictTensor(inputs: TensorInputs): Promise<TensorFeatures> {
    this.#checkOpen("predict tensor");
    // No set with a source is made here, so comparing the weight storage is
    // enough, and fast.
    const { weightData } = this.#opened.program;
    if (!isUnchanged(this.#graph, weightData!)) throw changed("predict tensor");
    const { runTensors, tensorOf } = this.#tensorRuns ??= await import(
      "./run_tensors.ts"
    );
    const direct = await runTensors(this.#opened, this.#plan.backend, inputs);
    if (direct !== undefined) return direct;
    const whole = { ...this.#opened, batchSize: Number.MAX_SAFE_INTEGER };
    // Inputs only: everything but tensors is refused, and a pair is two inputs.
    const data = { xs: inputs };
    const way = { label: "predictTensor", isJoined: false };
    const run = runBatches(whole, data, { progress: false }, way);
    for await (const { features, logits, rows } of run.batches) {
      const fit = logits?.shape[0] === rows ? logits : undefined;
      return {
        features: features.map(tensorOf),
        ...(fit === undefined ? {} : { logits: tensorOf(fit) }),
      };
    }
    throw new RangeError(cannot("predict tensor", "it must hold rows", 0));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opened.session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Omits optional logits if they do not have one row per sample. */
  #collect(collector: FeatureCollector, batch: CollectedBatch): void {
    const { logits: _logits, ...others } = batch;
    const target = this.#opened.program.logits;
    if (target?.isOptional && !this.#omitsLogits && !hasRows(batch)) {
      this.#omitsLogits = true;
      this.#plan = warnedPlan(this.#plan, misfitLogits(target, batch));
    }
    if (!this.#omitsLogits) return collector.add(batch);
    collector.omitLogits();
    collector.add(others);
  }

  #collector(total: number | undefined, start = 0): FeatureCollector {
    const { features } = this.#opened.program;
    const layerNames = features.map(({ name }) => name);
    return new FeatureCollector({ total, layerNames, start });
  }

  #fields(classNames: readonly string[] | undefined) {
    const { specs, head, found, features } = this.#opened.program;
    return {
      layerNames: features.map(({ name }) => name),
      specs,
      classNames,
      head,
      activation: found.logits?.activation,
      source: this.#source,
    };
  }

  async #run(
    label: "predict" | "stream",
    dataset: Dataset,
    options: RunOptions,
  ): Promise<BatchRun> {
    await this.#check(label);
    const preparing = prepared(dataset, options);
    if (preparing) await preparing;
    const way = { label, isJoined: label === "predict" };
    return runBatches(this.#opened, dataset, options, way);
  }

  async #check(action: string): Promise<void> {
    this.#checkOpen(action);
    const { model } = this.#source;
    if (await this.#graph.fingerprint() !== model) throw changed(action);
  }

  #checkOpen(action: string): void {
    if (this.#isClosed) {
      const rule = "the session must be open";
      const hint = "call open() again";
      throw new TypeError(cannot(action, rule, "closed", hint));
    }
    this.#graph.checkUsable(action);
  }
}

/** Bytes of the arrays of a batch. */
function bytesOf({ features, logits, penultimate }: CollectedBatch): number {
  return [...features, logits, penultimate].reduce(
    (sum, array) => sum + (array?.data.byteLength ?? 0),
    0,
  );
}

/** The result of `open()`: checks its arguments, then runs. */
class KeptExtractor implements OpenExtractor {
  static {
    refuseMore(
      KeptExtractor.prototype,
      ...["predict(dataset, options)", "stream(dataset, options)"],
      ...["predictTensor(inputs)", "close()"],
    );
  }

  readonly #runs: OpenRuns;

  constructor(runs: OpenRuns) {
    this.#runs = runs;
  }

  get plan(): Plan {
    return this.#runs.plan;
  }

  async predict(
    dataset: Dataset,
    options: RunOptions = {},
  ): Promise<FeatureSet> {
    checkRun("predict", dataset, options);
    return await this.#runs.predict(dataset, options);
  }

  async *stream(
    dataset: Dataset,
    options: RunOptions = {},
  ): AsyncGenerator<FeatureSet> {
    checkRun("stream", dataset, options);
    yield* this.#runs.stream(dataset, options);
  }

  async predictTensor(inputs: TensorInputs): Promise<TensorFeatures> {
    checkAwaited(inputs, "predict tensor", "the tensor");
    return await this.#runs.predictTensor(inputs);
  }

  close(): Promise<void> {
    return this.#runs.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens a session for some settings; the caller closes it.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The open extractor.
 */
export async function openExtractor(
  graph: ModelGraph,
  settings: Settings,
): Promise<OpenExtractor> {
  return new KeptExtractor(await openRuns(graph, settings));
}

/** Whether a batch has one row of logits for each sample. */
function hasRows({ logits, rows }: CollectedBatch): boolean {
  return logits?.shape[0] === rows;
}

function misfitLogits(
  { head, direct }: LogitsTarget,
  { logits, rows }: CollectedBatch,
): string {
  const name = head?.name ?? direct!.node.row.name;
  const found = logits === undefined
    ? "a feature map that is not known to have one spatial position"
    : shapeText(logits.shape);
  return logitsLeftOut(`"${name}" gives ${found} for ${rows} samples`);
}

/** Whether the weight storage is unchanged. */
function isUnchanged(graph: ModelGraph, before: readonly object[]): boolean {
  const now = graph.weightData();
  return now.length === before.length &&
    now.every((data, i) => data === before[i]);
}

function changed(action: string): TypeError {
  const rule = "the model's weights must be as they were when it was opened";
  return new TypeError(cannot(action, rule, "changed", "call open() again"));
}
