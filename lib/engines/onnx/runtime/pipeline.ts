/**
 * A pipeline of models in one thread: outputs of a stage are inputs of a later
 * one, without being copied. ONNX Runtime is loaded when it is first used.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { type DeviceName, deviceOptions } from "./device.ts";
import type {
  ModelBytes,
  OnnxFeed,
  OnnxOutput,
  OnnxResult,
  SampleRange,
} from "./messages.ts";
import {
  allocate,
  batchSymbol,
  runMicroBatches,
  tensorOf,
} from "./micro_batches.ts";

/** Settings of {@linkcode Pipeline.add}. */
export interface StageOptions {
  /** How many threads it computes on. */
  readonly threads: number;
  /** Which outputs of earlier stages go into its inputs, by the names of the inputs. */
  readonly from?: Readonly<Record<string, string>> | undefined;
  /** Whether products of 8-bit integers must be exact. @default {false} */
  readonly exactProducts?: boolean | undefined;
  /** Where it computes. @default {"cpu"} */
  readonly device?: DeviceName | undefined;
}

/** Settings of {@linkcode Pipeline.run}. */
export interface RunSettings {
  /** Names of the outputs to keep. @default {those of the last stage} */
  readonly wanted?: readonly string[] | undefined;
  /**
   * Which samples are fed, and how many of them are computed at once: fewer
   * than all only if there is one stage, and sizes of its outputs are known.
   */
  readonly samples?: SampleRange | undefined;
}

interface Stage {
  readonly session: InferenceSession;
  readonly from: Readonly<Record<string, string>> | undefined;
}

/** Models that are open, in the order in which they run. */
export class Pipeline {
  readonly #stages: Stage[] = [];

  /**
   * Opens a model, to run after those before.
   *
   * @param model The model; its weights are copied.
   * @param options Threads, and where its inputs come from.
   * @returns Its outputs.
   * @throws {Error} The runtime's own, if it is not there or refuses the model.
   */
  async add(
    { bytes, externalData, onCpu }: ModelBytes,
    { threads, from, exactProducts = false, device = "cpu" }: StageOptions,
  ): Promise<OnnxOutput[]> {
    const { InferenceSession } = await import("onnxruntime-node");
    const session = await InferenceSession.create(bytes, {
      ...sessionOptions(threads, exactProducts),
      ...deviceOptions(device, onCpu),
      externalData: [...externalData],
    });
    this.#stages.push({ session, from });
    return session.outputMetadata.map(outputOf);
  }

  /**
   * Runs all stages.
   *
   * @param feeds Inputs of the first stage, by name; only read.
   * @param settings Which outputs are wanted, and how many samples at once.
   * @returns Values of the outputs, the caller's; booleans as bytes.
   */
  async run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    { wanted, samples = {} }: RunSettings = {},
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    if (this.#stages.length === 0) throw new TypeError("no model is open");
    const { first = 0, batchSize = Infinity } = samples;
    const rows = Object.values(feeds)[0]?.array.shape[0] ?? 0;
    if (rows <= batchSize) return await this.#runStages(feeds, wanted);
    const [{ session }] = this.#stages as [Stage];
    return await runMicroBatches(session, feeds, { first, batchSize });
  }

  async #runStages(
    feeds: Readonly<Record<string, OnnxFeed>>,
    wanted: readonly string[] | undefined,
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    const { Tensor } = await import("onnxruntime-node");
    const values = new Map<string, Tensor>();
    // Where the sizes are known, the runtime writes into memory of this thread.
    const allocated = new Map<string, OnnxResult>();
    try {
      let last: readonly string[] = [];
      for (const { session, from } of this.#stages) {
        const entries: [string, Tensor][] = from === undefined
          ? Object.entries(feeds).map(([name, { type, array }]) => [
            name,
            tensorOf(Tensor, { ...array, type }),
          ])
          : Object.entries(from).map(([input, output]) => [
            input,
            inputOf(values.get(output)!, Tensor),
          ]);
        const inputs = Object.fromEntries(entries);
        // Only recorded graphs declare sizes that can be relied on.
        const isRecorded = from !== undefined || wanted === undefined;
        const rows = isRecorded ? rowsFed(session, inputs) : undefined;
        const fetches = session.outputMetadata.map((output) => {
          const result = rows && allocate(output, rows.symbol, rows.count);
          if (result === undefined) return [output.name, null];
          allocated.set(output.name, result);
          return [output.name, tensorOf(Tensor, result)];
        });
        const results = await session.run(inputs, Object.fromEntries(fetches));
        last = Object.keys(results);
        for (const name of last) values.set(name, results[name]!);
      }
      const kept = (wanted ?? last).map((name) => [
        name,
        allocated.get(name) ?? copied(values.get(name)!),
      ]);
      return Object.fromEntries(kept);
    } finally {
      for (const tensor of values.values()) tensor.dispose();
    }
  }

  /** Closes all models; others can be added afterwards. */
  async close(): Promise<void> {
    for (const { session } of this.#stages.splice(0)) await session.release();
  }
}

/**
 * The options of a session.
 *
 * Products of 8-bit activations and signed 8-bit weights saturate on x64
 * processors with AVX2 but without VNNI: features were off by 0.2 of the
 * maximum. `x64quantprecision` makes the runtime take unsigned weights there,
 * which is slower and right; it does nothing on other processors.
 *
 * @param threads How many threads compute.
 * @param exactProducts Whether a model may hold such products.
 * @returns The options.
 */
export function sessionOptions(
  threads: number,
  exactProducts: boolean,
): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    logSeverityLevel: 4, // what fails, it throws
    ...(exactProducts
      ? { extra: { session: { "x64quantprecision": "1" } } }
      : {}),
  };
}

/** An output as the input of a later stage: float16 cannot be fed, and is converted. */
function inputOf(tensor: Tensor, kind: typeof Tensor): Tensor {
  if (tensor.type !== "float16") return tensor;
  const { data, dims } = tensor;
  return new kind("float32", Float32Array.from(halvesOf(data)), [...dims]);
}

function outputOf(
  metadata: InferenceSession.ValueMetadata,
): OnnxOutput {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, type: undefined, shape: [] };
  const shape = metadata.shape.map((size) =>
    typeof size === "number" && size >= 0 ? size : null
  );
  return { name, type: metadata.type, shape };
}

/** Copies what the runtime holds. */
function copied({ data, dims, type }: Tensor): OnnxResult {
  const values = type === "float16"
    ? halvesOf(data).slice()
    : (data as Float32Array).slice();
  return { data: values as OnnxResult["data"], shape: [...dims], type };
}

/** Half floats, which may come as bare bits. */
function halvesOf(data: Tensor["data"]): Float16Array {
  const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
  return new Float16Array(buffer, byteOffset, length);
}

/** How many samples are fed, if an input says which of its sizes that is. */
function rowsFed(
  session: InferenceSession,
  inputs: Readonly<Record<string, Tensor>>,
): { readonly symbol: string; readonly count: number } | undefined {
  const batch = batchSymbol(session);
  const count = batch && inputs[batch.input]?.dims[0];
  return count === undefined || batch === undefined
    ? undefined
    : { symbol: batch.symbol, count };
}
