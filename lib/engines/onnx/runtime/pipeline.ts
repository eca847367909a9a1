/**
 * A pipeline of models: outputs of a stage are inputs of a later one, without
 * copies.
 *
 * @module
 */
import type {
  RuntimeBinding,
  RuntimeSession,
  RuntimeValue,
  SessionSettings,
} from "./binding.ts";
import type {
  ModelBytes,
  OnnxFeed,
  OnnxOutput,
  OnnxResult,
  RunRange,
} from "./messages.ts";
import { allocate, batchSymbol, runMicroBatches } from "./micro_batches.ts";

/** Settings of {@linkcode Pipeline.add}. */
export interface StageOptions extends SessionSettings {
  /**
   * The outputs of earlier stages that are its inputs, by the names of the
   * inputs.
   */
  readonly from?: Readonly<Record<string, string>> | undefined;
}

/** Settings of {@linkcode Pipeline.run}. */
export interface RunSettings {
  /** Names of the outputs to return. @default {those of the last stage} */
  readonly wanted?: readonly string[] | undefined;
  /**
   * Which samples are fed, and how many of them are computed at once: fewer
   * than all only if there is one stage, and sizes of its outputs are known.
   */
  readonly samples?: RunRange | undefined;
}

interface Stage {
  readonly session: RuntimeSession;
  readonly from: Readonly<Record<string, string>> | undefined;
}

/** The open models, in the order in which they run. */
export class Pipeline {
  readonly #binding: Promise<RuntimeBinding>;
  readonly #stages: Stage[] = [];

  /**
   * Creates a pipeline without models.
   *
   * @param binding ONNX Runtime; if it cannot be loaded, adding a model fails.
   */
  constructor(binding: Promise<RuntimeBinding>) {
    this.#binding = binding;
  }

  /**
   * Opens a model that runs after the existing ones.
   *
   * @param model The model; its weights are copied.
   * @param options Threads, device, and the sources of its inputs.
   * @param consumed Buffers of weights that may be freed early.
   * @returns Its outputs.
   * @throws {Error} The error of the runtime, if it is not available or refuses
   * the model.
   */
  async add(
    model: ModelBytes,
    options: StageOptions,
    consumed?: ReadonlySet<ArrayBufferLike>,
  ): Promise<OnnxOutput[]> {
    const binding = await this.#binding;
    const session = await binding.open(model, options, consumed);
    this.#stages.push({ session, from: options.from });
    return session.outputs.map(({ name, type, shape }) => ({
      name,
      type,
      shape: shape.map((size) =>
        typeof size === "number" && size >= 0 ? size : null
      ),
    }));
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
    const values = new Map<string, RuntimeValue>();
    const used: RuntimeValue[] = []; // to free
    const using = <V extends RuntimeValue>(value: V): V => {
      used.push(value);
      return value;
    };
    // If the sizes are known, the runtime writes into memory of this thread.
    const allocated = new Map<string, OnnxResult>();
    try {
      let last: readonly string[] = [];
      for (const { session, from } of this.#stages) {
        const entries: [string, RuntimeValue][] = from === undefined
          ? Object.entries(feeds).map(([name, { type, array }]) => [
            name,
            using(session.valueOf({ ...array, type })),
          ])
          : Object.entries(from).map(([input, output]) => {
            const value = values.get(output)!;
            const fed = inputOf(value, session);
            return [input, fed === value ? fed : using(fed)];
          });
        const inputs = Object.fromEntries(entries);
        // Only recorded graphs declare reliable sizes.
        const isRecorded = from !== undefined || wanted === undefined;
        const rows = isRecorded ? rowsFed(session, inputs) : undefined;
        const fetches = session.outputs.map((output) => {
          const result = rows && allocate(output, rows.symbol, rows.count);
          if (result === undefined) return [output.name, null];
          allocated.set(output.name, result);
          return [output.name, using(session.valueOf(result))];
        });
        const results = await session.run(inputs, Object.fromEntries(fetches));
        last = Object.keys(results);
        for (const name of last) {
          const value = results[name]!;
          if (!allocated.has(name)) using(value);
          values.set(name, value);
        }
      }
      const kept = (wanted ?? last).map((name) => [
        name,
        allocated.get(name) ?? copied(values.get(name)!),
      ]);
      return Object.fromEntries(kept);
    } finally {
      for (const value of used) value.free();
    }
  }

  /** Stops the run in flight, if the runtime can. */
  stop(): void {
    for (const { session } of this.#stages) session.stop();
  }

  /** Closes all models; others can be added afterwards. */
  async close(): Promise<void> {
    for (const { session } of this.#stages.splice(0)) await session.release();
  }
}

/**
 * Converts an output to the input of a later stage: halves are converted, as
 * steps compute with float32.
 */
function inputOf(value: RuntimeValue, session: RuntimeSession): RuntimeValue {
  if (value.type !== "float16") return value;
  const data = Float32Array.from(value.view() as Float16Array);
  return session.valueOf({ data, shape: value.shape, type: "float32" });
}

/** Copies values from the memory of the runtime. */
function copied(value: RuntimeValue): OnnxResult {
  const data = (value.view() as Float32Array<ArrayBuffer>).slice();
  return { data, shape: [...value.shape], type: value.type };
}

/** The number of samples, if an input names its batch axis. */
function rowsFed(
  session: RuntimeSession,
  inputs: Readonly<Record<string, RuntimeValue>>,
): { readonly symbol: string; readonly count: number } | undefined {
  const batch = batchSymbol(session);
  const count = batch && inputs[batch.input]?.shape[0];
  return count === undefined || batch === undefined
    ? undefined
    : { symbol: batch.symbol, count };
}
