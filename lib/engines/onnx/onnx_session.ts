import { cannot, shapeText, sizeOf } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import { letGo } from "../../math/let_go.ts";
import type { GraphNode } from "../../models/graph.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import type { Pacer } from "../pacer.ts";
import { type Program, type RunOutputs, wantedRefs } from "../program.ts";
import { schedule } from "../schedule.ts";
import type { RunSamples, Session } from "../session.ts";
import {
  checkHalves,
  featureArray,
  floatArray,
  type RawValues,
} from "../tfjs/read_arrays.ts";
import { readWeights } from "../tfjs/run_ours.ts";
import { type HalfOutput, halveOutput } from "./half_outputs.ts";
import {
  findUnrecordable,
  ourCall,
  type RecordedProgram,
  recordProgram,
} from "./record_program.ts";
import type { OnnxResult } from "./messages.ts";
import {
  openInWorker,
  type OpenStages,
  startWorker,
} from "./open_in_worker.ts";
import { type OnnxGraph, ROWS } from "./onnx_graph.ts";
import { defaultThreads } from "./runtime.ts";
import { samplesText } from "./samples_text.ts";

/**
 * Opens a program on ONNX Runtime, in a thread of its own.
 *
 * @param program What is to be computed.
 * @param threads How many threads compute.
 * @param meanwhile What this thread can do while the other one opens the graph.
 * @returns The session; closing it frees the graph with its weights.
 * @throws {UnsupportedByEngineError} If the program has what only TF.js can
 * do: gradients, TF.js' own layers, a user's functions on tensors.
 */
export async function openOnnx(
  program: Program,
  threads: number = defaultThreads(),
  meanwhile?: () => Promise<unknown>,
): Promise<Session> {
  checkProgram(program);
  const worker = startWorker();
  let ready: Ready;
  try {
    ready = await makeReady(program);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  const { given, ...parts } = ready;
  const { graph: recorded } = parts.recorded;
  const [opening, others] = await Promise.allSettled([
    openInWorker(recorded, { threads, given, worker }),
    meanwhile?.(),
  ]);
  if (opening.status === "rejected") throw opening.reason;
  const graph = opening.value;
  if (others.status === "rejected") {
    await graph.close();
    throw others.reason;
  }
  const bytesPerRow = bytesPerRowOf(recorded);
  return new OnnxSession({ ...parts, program, graph, bytesPerRow });
}

/** A program as the runtime takes it, and arrays that it may keep. */
type Ready = Pick<SessionParts, "nodes" | "recorded" | "halves"> & {
  readonly given: readonly ArrayBufferView[];
};

async function makeReady(program: Program): Promise<Ready> {
  const { nodes } = schedule(program.feeds, wantedRefs(program));
  const weights = await readWeights(nodes, ourCall);
  const recorded = recordProgram(program, nodes, weights);
  const halves = program.features.map(({ readAs }, i) =>
    readAs === undefined
      ? undefined
      : halveOutput(recorded.graph, recorded.outputs.features[i]!.name)
  );
  recorded.graph.dropUnused();
  const { constants, ownArrays } = recorded.graph;
  const kept = new Set(constants.map(({ data }) => data.buffer));
  const arrays = [...weights.values()].map(({ data }) => data);
  for (const array of arrays) if (!kept.has(array.buffer)) letGo(array);
  return { nodes, recorded, halves, given: [...arrays, ...ownArrays] };
}

/** How much is handed over at once where batches are small. */
const BYTES_AT_ONCE = 2 ** 20;
/** How long what is handed over at once may take. */
const MS_AT_ONCE = 20;

/** What crosses the graph's border for each sample; undefined where it cannot be cut. */
function bytesPerRowOf(
  { inputs, outputs }: OnnxGraph,
): number | undefined {
  let bytes = 0;
  for (const { shape = [], type } of [...inputs, ...outputs]) {
    const [rows, ...sizes] = shape;
    const isKnown = sizes.every((size) => typeof size === "number");
    if (rows !== ROWS || !isKnown || type === "float16") return undefined;
    bytes += 4 * sizeOf(sizes);
  }
  return bytes;
}

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

/** What a session is made of. */
interface SessionParts {
  readonly program: Program;
  readonly recorded: RecordedProgram;
  /** The nodes that run, in order. */
  readonly nodes: readonly GraphNode[];
  /** For each feature, where it is read as float16. */
  readonly halves: readonly (HalfOutput | undefined)[];
  readonly graph: OpenStages;
  /** What goes in and out for each sample, where that is known and can be cut. */
  readonly bytesPerRow: number | undefined;
}

/** A program on ONNX Runtime: one graph, run as a whole. */
class OnnxSession implements Session {
  readonly mostUnderWay = 2;
  readonly #parts: SessionParts;
  /** Sizes of samples that are known to suit all layers. */
  readonly #fitting = new Set<string>();
  #msPerRow: number | undefined;
  #lastEnd = 0;
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
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
    const { recorded, graph } = this.#parts;
    const feeds = Object.fromEntries(
      recorded.feeds.map(({ name, type }, i) =>
        [name, { type, array: inputs[i]! }] as const
      ),
    );
    this.#checkSizes(inputs);
    const rows = inputs[0]!.shape[0]!;
    const { first = 0 } = samples;
    const what = samplesText(first, rows);
    const begin = performance.now();
    const results = await pacer.race(graph.run(feeds, what, { samples }));
    const end = performance.now();
    // It began when the run before it was over, if that was later.
    this.#msPerRow = (end - Math.max(begin, this.#lastEnd)) / rows;
    this.#lastEnd = end;
    return this.#read(results, first);
  }

  /**
   * Sizes that were not known before must suit the layers: the runtime pools a
   * map that is smaller than the window without a word.
   */
  #checkSizes(inputs: readonly NdArray<ArrayBufferView>[]): void {
    const { program, nodes } = this.#parts;
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
    const { bytesPerRow } = this.#parts;
    const ms = this.#msPerRow;
    if (bytesPerRow === undefined || ms === undefined) return 1;
    const rows = Math.min(MS_AT_ONCE / ms, BYTES_AT_ONCE / bytesPerRow);
    return Math.max(1, Math.floor(rows / batchSize));
  }

  /** The outputs as they are kept. */
  #read(
    results: Readonly<Record<string, OnnxResult>>,
    first: number,
  ): RunOutputs {
    const { program, recorded, halves } = this.#parts;
    const { features, ...others } = recorded.outputs;
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
    await this.#parts.graph.close();
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
