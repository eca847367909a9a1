import { cannot, shapeText } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import type { Pacer } from "../pacer.ts";
import type { Program, RunOutputs } from "../program.ts";
import type { RunSamples, Session } from "../session.ts";
import {
  checkHalves,
  featureArray,
  floatArray,
  type RawValues,
} from "../tfjs/read_arrays.ts";
import { keepWorker, takeWorker } from "./runtime/idle_workers.ts";
import type { OnnxResult } from "./runtime/messages.ts";
import { openInWorker } from "./runtime/open_in_worker.ts";
import { ProgramGraphs } from "./program_graphs.ts";
import { makeReady, type ReadyProgram } from "./ready_program.ts";
import { findUnrecordable } from "./record_program.ts";
import { defaultThreads } from "./runtime/runtime.ts";

/** Settings of {@linkcode openOnnx}. */
export interface OnnxOptions {
  /** How many threads compute. @default {as many as this process may use} */
  readonly threads?: number | undefined;
  /** What this thread can do while the other one opens the graph. */
  readonly meanwhile?: (() => Promise<unknown>) | undefined;
  /**
   * Whether the weights are still those of the opening; asked where they are
   * read again. @default {always}
   */
  readonly isCurrent?: (() => boolean) | undefined;
  /**
   * How long runs must have waited for each other before several graphs share
   * them, in ms. @default {250}
   */
  readonly hotAfter?: number | undefined;
}

/**
 * Opens a program on ONNX Runtime, in a thread of its own.
 *
 * @param program What is to be computed.
 * @param options Threads, and what goes on beside.
 * @returns The session; closing it frees the graph with its weights.
 * @throws {UnsupportedByEngineError} If the program has what only TF.js can
 * do: gradients, TF.js' own layers, a user's functions on tensors.
 */
export async function openOnnx(
  program: Program,
  options: OnnxOptions = {},
): Promise<Session> {
  const { threads = defaultThreads(), meanwhile } = options;
  const { isCurrent = () => true, hotAfter = 250 } = options;
  checkProgram(program);
  const worker = takeWorker(); // one that starts loads the runtime meanwhile
  let ready: ReadyProgram;
  try {
    ready = await makeReady(program, { hasDoubts: true });
  } catch (error) {
    keepWorker(worker);
    throw error;
  }
  const { recorded, given } = ready;
  const [opening, others] = await Promise.allSettled([
    openInWorker(recorded.graph, { threads, given, worker }),
    meanwhile?.(),
  ]);
  if (opening.status === "rejected") throw opening.reason;
  const first = opening.value;
  if (others.status === "rejected") {
    await first.close();
    throw others.reason;
  }
  const parts = { program, ready, first, threads, isCurrent, hotAfter };
  return new OnnxSession(program, ready, new ProgramGraphs(parts));
}

/** How much is handed over at once where batches are small. */
const BYTES_AT_ONCE = 2 ** 22;
/** How long what is handed over at once may take. */
const MS_AT_ONCE = 20;

function checkProgram({ perturbation, features }: Program): void {
  if (perturbation !== undefined) {
    throw new UnsupportedByEngineError(
      "perturb",
      "onnx",
      `its engine must give gradients; use .engine("tfjs")`,
    );
  }
  for (const { own, name } of features) {
    if (own.length === 0) continue;
    throw new UnsupportedByEngineError(
      `postprocess layer "${name}"`,
      "onnx",
      `a function of one's own must get tensors of TF.js; use .engine("tfjs")`,
    );
  }
}

/** A program on ONNX Runtime. */
class OnnxSession implements Session {
  readonly maxInFlight = 2;
  readonly #program: Program;
  readonly #ready: ReadyProgram;
  readonly #graphs: ProgramGraphs;
  /** Sizes of samples that are known to suit all layers. */
  readonly #fitting = new Set<string>();
  #isClosed = false;

  constructor(program: Program, ready: ReadyProgram, graphs: ProgramGraphs) {
    this.#program = program;
    this.#ready = ready;
    this.#graphs = graphs;
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    samples: RunSamples = {},
  ): Promise<RunOutputs> {
    if (this.#isClosed) {
      throw new TypeError(
        cannot("run", "the session must be open", "closed", "open it again"),
      );
    }
    pacer.check();
    this.#checkSizes(inputs);
    const results = await pacer.race(this.#graphs.run(inputs, samples));
    return this.#read(results, samples.first ?? 0);
  }

  /**
   * Sizes that were not known before must suit the layers: the runtime pools a
   * map that is smaller than the window without a word.
   */
  #checkSizes(inputs: readonly NdArray<ArrayBufferView>[]): void {
    const program = this.#program;
    const { nodes } = this.#ready;
    const isKnown = program.feeds.every(({ spec }) =>
      spec.shape.slice(1).every((size) => size !== null)
    );
    const sizes = inputs.map(({ shape }) => shapeText(shape.slice(1))).join();
    if (isKnown || this.#fitting.has(sizes)) return;
    const feeds = program.feeds.map(({ ref, spec }, i) => ({
      ref,
      spec: { ...spec, shape: [null, ...inputs[i]!.shape.slice(1)] },
    }));
    const obstacle = findUnrecordable(feeds, nodes);
    if (obstacle !== undefined) {
      throw new RangeError(
        `Cannot run samples of ${sizes} as each layer must suit their sizes: ${obstacle}`,
      );
    }
    this.#fitting.add(sizes);
  }

  batchesAtOnce(batchSize: number): number {
    const { bytesPerRow } = this.#ready;
    const ms = this.#graphs.msPerRow;
    if (bytesPerRow === undefined || ms === undefined) return 1;
    const rows = Math.min(MS_AT_ONCE / ms, BYTES_AT_ONCE / bytesPerRow);
    return Math.max(1, Math.floor(rows / batchSize));
  }

  /** The outputs as they are kept. */
  #read(
    results: Readonly<Record<string, OnnxResult>>,
    first: number,
  ): RunOutputs {
    const { recorded, halves } = this.#ready;
    const { features, ...others } = recorded.outputs;
    const arrays = features.map(({ name, dtype }, i): FeatureArray => {
      const { name: layer } = this.#program.features[i]!;
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

/** Halves as they came, once it is known that nothing finite was lost. */
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
