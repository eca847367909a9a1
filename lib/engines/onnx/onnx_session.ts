import { shapeText } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import { checkSizes } from "../check_sizes.ts";
import type { Pacer } from "../../formats/pacer.ts";
import { checkPadding, fixedRows, inFixedBatches } from "../fixed_batches.ts";
import type { RunOutputs } from "../program.ts";
import {
  checkHalves,
  featureArray,
  floatArray,
  type RawValues,
} from "../read_arrays.ts";
import type { RunSamples, Session } from "../session.ts";
import { PartitionedGraphs } from "./partitioned_graphs.ts";
import type { FilledModel, Recording } from "./recording.ts";
import type { DeviceName } from "./runtime/device.ts";
import { closed } from "./runtime/link.ts";
import type { OnnxResult } from "./runtime/messages.ts";
import { openLink, openPipeline } from "./runtime/open_pipeline.ts";
import { defaultThreads } from "./runtime/runtime.ts";

/** Settings of {@linkcode openOnnx}. */
export interface OnnxOptions {
  /** Number of threads. @default {as many as this process may use} */
  readonly threads?: number | undefined;
  /** The device. @default {"cpu"} */
  readonly device?: DeviceName | undefined;
  /** Yields the thread at intervals, and aborts the opening. */
  readonly pacer?: Pacer | undefined;
  /** Work for this thread while the other one opens the graph. */
  readonly meanwhile?: (() => Promise<unknown>) | undefined;
  /**
   * Whether the weights are unchanged since the opening; called before they are
   * read again. @default {always}
   */
  readonly isCurrent?: (() => boolean) | undefined;
  /**
   * Time of queued runs before rows are partitioned among several graphs, in
   * ms. @default {250}
   */
  readonly warmUpMs?: number | undefined;
}

/**
 * Opens a recorded program on ONNX Runtime, in a separate thread.
 *
 * @param recording The program.
 * @param options Threads, device and pacer.
 * @returns The session; closing it frees the graph with its weights.
 * @throws {UnsupportedByEngineError} If the runtime is not available, or
 * refuses the graph.
 */
export async function openOnnx(
  recording: Recording,
  options: OnnxOptions = {},
): Promise<Session> {
  const { threads = defaultThreads(), meanwhile, pacer } = options;
  const { isCurrent = () => true, warmUpMs = 250, device = "cpu" } = options;
  const link = await openLink(device);
  let filled: FilledModel;
  try {
    filled = await recording.encode("fast", pacer);
    pacer?.check(); // before the native call, which cannot be aborted
  } catch (error) {
    await link.close();
    throw error;
  }
  const { model, transferable, weightBytes } = filled;
  const [opening, others] = await Promise.allSettled([
    openPipeline(model, { threads, device, transferable, link }),
    meanwhile?.(),
  ]);
  if (opening.status === "rejected") throw opening.reason;
  const first = opening.value;
  if (others.status === "rejected") {
    await first.close();
    throw others.reason;
  }
  const rest = { threads, device, isCurrent, warmUpMs, weightBytes };
  const graphs = new PartitionedGraphs({ recording, first, ...rest });
  return new OnnxSession(recording, graphs);
}

/** Number of bytes sent at once if batches are small. */
const BYTES_AT_ONCE = 2 ** 22;
/** Maximum duration of the batches that are sent at once, in ms. */
const MS_AT_ONCE = 20;

/** A program on ONNX Runtime. */
class OnnxSession implements Session {
  readonly maxInFlight: number;
  readonly #recording: Recording;
  /** The number of samples of a run, if it is fixed. */
  readonly #fixed: number | undefined;
  readonly #graphs: PartitionedGraphs;
  /** Sample sizes that all layers were checked for. */
  readonly #checked = new Set<string>();
  #isClosed = false;

  constructor(recording: Recording, graphs: PartitionedGraphs) {
    this.#recording = recording;
    this.#graphs = graphs;
    this.#fixed = fixedRows(recording.program);
    this.maxInFlight = this.#fixed === undefined ? 2 : 1;
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    samples: RunSamples = {},
  ): Promise<RunOutputs> {
    if (this.#isClosed) throw closed("run");
    pacer.check();
    this.#checkSizes(inputs);
    if (this.#fixed === undefined) {
      return await this.#runBatch(inputs, pacer, samples);
    }
    const { program } = this.#recording;
    const { first = 0 } = samples;
    return await inFixedBatches(
      program,
      inputs,
      this.#fixed,
      (batch, start) => this.#runBatch(batch, pacer, { first: first + start }),
      () =>
        Promise.resolve(checkPadding(program.rows, this.#fixed!, "the model")),
    );
  }

  async #runBatch(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    samples: RunSamples,
  ): Promise<RunOutputs> {
    try {
      const results = await pacer.race(this.#graphs.run(inputs, samples));
      return this.#read(results, samples.first ?? 0);
    } catch (error) {
      // The layers may not accept this number of samples.
      const isOfRuntime = error instanceof UnsupportedByEngineError;
      const rows = inputs[0]!.shape[0]!;
      if (isOfRuntime) checkSizes(this.#recording.program, inputs, rows);
      throw error;
    }
  }

  /** Checks sizes that were unknown before: the runtime does not check all. */
  #checkSizes(inputs: readonly NdArray<ArrayBufferView>[]): void {
    const sizes = inputs.map(({ shape }) => shapeText(shape.slice(1))).join();
    if (this.#checked.has(sizes)) return;
    checkSizes(this.#recording.program, inputs);
    this.#checked.add(sizes);
  }

  batchesAtOnce(batchSize: number): number {
    const { bytesPerRow } = this.#recording.outputs;
    const ms = this.#graphs.msPerRow;
    if (bytesPerRow === undefined || ms === undefined) return 1;
    const rows = Math.min(MS_AT_ONCE / ms, BYTES_AT_ONCE / bytesPerRow);
    return Math.max(1, Math.floor(rows / batchSize));
  }

  /** Converts the outputs to arrays of a set. */
  #read(
    results: Readonly<Record<string, OnnxResult>>,
    first: number,
  ): RunOutputs {
    const { program, outputs: { values, halves } } = this.#recording;
    const { features, ...others } = values;
    const arrays = features.map(({ name, dtype }, i): FeatureArray => {
      const { name: layer } = program.features[i]!;
      const half = halves[i];
      if (half !== undefined) {
        return halfArray(
          results[half.half]!,
          results[half.whole]!,
          layer,
          first,
        );
      }
      const { data, shape } = results[name]!;
      const tensor = { shape: [...shape], dtype };
      return featureArray(data as RawValues, tensor, layer, undefined);
    });
    const floats = Object.entries(others).map(([key, { name }]) => {
      const { data, shape } = results[name]!;
      return [key, floatArray(data as RawValues, shape)] as const;
    });
    const { scale, ...rest } = Object.fromEntries(floats);
    return {
      features: arrays,
      ...rest,
      ...(scale === undefined ? {} : { scale: scale.data }),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#graphs.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Checks that no finite value overflowed float16. */
function halfArray(
  half: OnnxResult,
  whole: OnnxResult,
  layer: string,
  first: number,
): FeatureArray {
  const data = half.data as Float16Array<ArrayBuffer>;
  const shape = Object.freeze([...half.shape]);
  if (whole.data.length > 0) {
    checkHalves(data, whole.data, shape, layer, first);
  }
  return Object.freeze({ data, shape, dtype: "float16" });
}
