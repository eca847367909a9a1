import { cannot } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import type { Pacer } from "../pacer.ts";
import { type Program, type RunOutputs, wantedRefs } from "../program.ts";
import { schedule } from "../schedule.ts";
import type { Session } from "../session.ts";
import {
  checkHalves,
  featureArray,
  floatArray,
  type RawValues,
} from "../tfjs/read_arrays.ts";
import { readWeights } from "../tfjs/run_ours.ts";
import { type HalfOutput, halveOutput } from "./half_outputs.ts";
import {
  ourCall,
  type RecordedProgram,
  recordProgram,
} from "./record_program.ts";
import type { OnnxResult } from "./messages.ts";
import { openInWorker } from "./open_in_worker.ts";
import { defaultThreads, type OpenGraph } from "./runtime.ts";

/**
 * Opens a program on ONNX Runtime, in a thread of its own.
 *
 * @param program What is to be computed.
 * @param threads How many threads compute.
 * @returns The session; closing it frees the graph with its weights.
 * @throws {UnsupportedByEngineError} If the program has what only TF.js can
 * do: gradients, TF.js' own layers, a user's functions on tensors.
 */
export async function openOnnx(
  program: Program,
  threads: number = defaultThreads(),
): Promise<Session> {
  checkProgram(program);
  const { nodes } = schedule(program.feeds, wantedRefs(program));
  const weights = await readWeights(nodes, ourCall);
  const recorded = recordProgram(program, nodes, weights);
  const halves = program.features.map(({ readAs }, i) =>
    readAs === undefined
      ? undefined
      : halveOutput(recorded.graph, recorded.outputs.features[i]!.name)
  );
  const given = [...weights.values()].map(({ data }) => data);
  const graph = await openInWorker(recorded.graph, { threads, given });
  return new OnnxSession({ program, recorded, halves, graph });
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
  /** For each feature, where it is read as float16. */
  readonly halves: readonly (HalfOutput | undefined)[];
  readonly graph: OpenGraph;
}

/** A program on ONNX Runtime: one graph, run as a whole. */
class OnnxSession implements Session {
  readonly mostUnderWay = 2;
  readonly #parts: SessionParts;
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    what = "the batch",
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
    return this.#read(await pacer.race(graph.run(feeds, what)));
  }

  /** The outputs as they are kept. */
  #read(results: Readonly<Record<string, OnnxResult>>): RunOutputs {
    const { program, recorded, halves } = this.#parts;
    const { features, ...others } = recorded.outputs;
    const arrays = features.map(({ name, dtype }, i): FeatureArray => {
      const { name: layer } = program.features[i]!;
      const half = halves[i];
      if (half !== undefined) {
        return halfArray(results[half.half]!, results[half.whole]!, layer);
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
): FeatureArray {
  const data = half.data as Float16Array<ArrayBuffer>;
  const shape = Object.freeze([...half.shape]);
  if (whole.data.length > 0) checkHalves(data, whole.data, shape, layer);
  return Object.freeze({ data, shape, dtype: "float16" });
}
