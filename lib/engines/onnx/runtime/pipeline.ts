/**
 * A pipeline of models in one thread: outputs of a stage are inputs of a later
 * one, without copies. ONNX Runtime is loaded on first use.
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
  /** Number of threads. */
  readonly threads: number;
  /**
   * The outputs of earlier stages that are its inputs, by the names of the
   * inputs.
   */
  readonly from?: Readonly<Record<string, string>> | undefined;
  /** Whether products of 8-bit integers must be exact. @default {false} */
  readonly exactProducts?: boolean | undefined;
  /**
   * Whether threads spin while they wait for work: less delay between small
   * operations, but processor time that other threads could use.
   *
   * @default {true}
   */
  readonly spins?: boolean | undefined;
  /** The device. @default {"cpu"} */
  readonly device?: DeviceName | undefined;
}

/** Settings of {@linkcode Pipeline.run}. */
export interface RunSettings {
  /** Names of the outputs to return. @default {those of the last stage} */
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

/** The open models, in the order in which they run. */
export class Pipeline {
  readonly #stages: Stage[] = [];

  /**
   * Opens a model that runs after the existing ones.
   *
   * @param model The model; its weights are copied.
   * @param options Threads, device, and the sources of its inputs.
   * @returns Its outputs.
   * @throws {Error} The error of the runtime, if it is not available or refuses
   * the model.
   */
  async add(
    { bytes, externalData, onCpu }: ModelBytes,
    { from, device = "cpu", ...options }: StageOptions,
  ): Promise<OnnxOutput[]> {
    const { InferenceSession } = await import("onnxruntime-node");
    const session = await InferenceSession.create(bytes, {
      ...sessionOptions({ ...options, device }),
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
   * @param settings Requested outputs, and size of micro-batches.
   * @returns Values of the outputs, owned by the caller; booleans as bytes.
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
    // If the sizes are known, the runtime writes into memory of this thread.
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
        // Only recorded graphs declare reliable sizes.
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
 * An optimisation that is wrong on devices that prefer channels last: the
 * runtime puts transposes around batch normalisation, which change nothing for
 * `[N, D]`, and this merges them into a `Gemm` as if they swapped the axes. For
 * D samples at once the result would be wrong without an error (1.27.0, WebGPU).
 */
const WRONG_ON_DEVICES = "GemmTransposeFusion";

/**
 * The options of a session.
 *
 * @param options Threads, whether they spin, the device, and whether weights of
 * 8 bits are made unsigned, so that products do not saturate; see
 * `exact_products.ts`.
 * @returns The options.
 */
export function sessionOptions(
  { threads, exactProducts = false, spins = true, device = "cpu" }: Pick<
    StageOptions,
    "threads" | "exactProducts" | "spins" | "device"
  >,
): InferenceSession.SessionOptions {
  const session = {
    ...(exactProducts ? { "x64quantprecision": "1" } : {}),
    ...(spins ? {} : { "intra_op": { "allow_spinning": "0" } }),
  };
  const extra = {
    ...(Object.keys(session).length > 0 ? { session } : {}),
    ...(device === "cpu" ? {} : {
      optimization: { "disable_specified_optimizers": WRONG_ON_DEVICES },
    }),
  };
  return {
    intraOpNumThreads: threads,
    logSeverityLevel: 4, // a failure is thrown
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/**
 * Converts an output to the input of a later stage: float16 cannot be fed, and
 * is converted.
 */
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

/** Copies values from the memory of the runtime. */
function copied({ data, dims, type }: Tensor): OnnxResult {
  const values = type === "float16"
    ? halvesOf(data).slice()
    : (data as Float32Array).slice();
  return { data: values as OnnxResult["data"], shape: [...dims], type };
}

/** Half floats, which may be raw bits. */
function halvesOf(data: Tensor["data"]): Float16Array {
  const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
  return new Float16Array(buffer, byteOffset, length);
}

/** The number of samples, if an input names its batch axis. */
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
