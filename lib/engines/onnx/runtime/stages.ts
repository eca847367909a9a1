/**
 * Graphs that run one after another in one thread: what the first gives is fed
 * to the second without being copied. Loads ONNX Runtime when it is first used.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { RunSamples } from "../../session.ts";
import type { EncodedModel } from "../graph/encode_model.ts";
import type { OnnxFeed, OnnxOutput, OnnxResult } from "./messages.ts";
import { ROWS } from "../graph/onnx_graph.ts";
import { room, runParts, tensorOf } from "./run_parts.ts";

/** Settings of {@linkcode Stages.add}. */
export interface StageOptions {
  /** How many threads it computes on. */
  readonly threads: number;
  /** Which outputs of the stages before go into its inputs, by the inputs' names. */
  readonly from?: Readonly<Record<string, string>> | undefined;
}

/** Settings of {@linkcode Stages.run}. */
export interface RunSettings {
  /** Names of the outputs to keep; without it, those of the last. */
  readonly wanted?: readonly string[] | undefined;
  /**
   * Which samples are fed. One graph of ours whose outputs are of known sizes
   * can be told to compute fewer of them at once.
   */
  readonly samples?: RunSamples | undefined;
}

interface Stage {
  readonly session: InferenceSession;
  readonly from: Readonly<Record<string, string>> | undefined;
}

/** Graphs that are open, in the order in which they run. */
export class Stages {
  readonly #stages: Stage[] = [];

  /**
   * Opens a graph, to run after those before.
   *
   * @param model The graph; its weights are copied.
   * @param options Threads, and where its inputs come from.
   * @returns What it gives.
   * @throws {Error} The runtime's own, if it is not there or refuses the graph.
   */
  async add(
    { bytes, externalData }: EncodedModel,
    { threads, from }: StageOptions,
  ): Promise<OnnxOutput[]> {
    const { InferenceSession } = await import("onnxruntime-node");
    const session = await InferenceSession.create(bytes, {
      externalData: [...externalData],
      intraOpNumThreads: threads,
      logSeverityLevel: 4, // what fails, it throws
    });
    this.#stages.push({ session, from });
    return session.outputMetadata.map(outputOf);
  }

  /**
   * Runs all.
   *
   * @param feeds What goes into the first, by name; only read.
   * @param settings Which outputs are wanted, and how many samples at once.
   * @returns Their values; booleans as bytes. The caller's to keep.
   */
  async run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    { wanted, samples = {} }: RunSettings = {},
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    if (this.#stages.length === 0) throw new TypeError("no graph is open");
    const { first = 0, batchSize = Infinity } = samples;
    const rows = Object.values(feeds)[0]?.array.shape[0] ?? 0;
    if (rows <= batchSize) return await this.#runAll(feeds, wanted);
    const [{ session }] = this.#stages as [Stage];
    return await runParts(session, feeds, { first, batchSize });
  }

  async #runAll(
    feeds: Readonly<Record<string, OnnxFeed>>,
    wanted: readonly string[] | undefined,
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    const { Tensor } = await import("onnxruntime-node");
    const values = new Map<string, Tensor>();
    // Where the sizes are known, the runtime writes into memory of ours.
    const ours = new Map<string, OnnxResult>();
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
            fed(values.get(output)!, Tensor),
          ]);
        const inputs = Object.fromEntries(entries);
        // Of graphs of ours it is known how many rows they give.
        const isBuiltInNode = from !== undefined || wanted === undefined;
        const rows = isBuiltInNode ? rowsFed(session, inputs) : undefined;
        const fetches = session.outputMetadata.map((output) => {
          const result = rows === undefined ? undefined : room(output, rows);
          if (result === undefined) return [output.name, null];
          ours.set(output.name, result);
          return [output.name, tensorOf(Tensor, result)];
        });
        const results = await session.run(inputs, Object.fromEntries(fetches));
        last = Object.keys(results);
        for (const name of last) values.set(name, results[name]!);
      }
      const kept = (wanted ?? last).map((name) => [
        name,
        ours.get(name) ?? copied(values.get(name)!),
      ]);
      return Object.fromEntries(kept);
    } finally {
      for (const tensor of values.values()) tensor.dispose();
    }
  }

  /** Frees all; graphs can be added again. */
  async close(): Promise<void> {
    for (const { session } of this.#stages.splice(0)) await session.release();
  }
}

/** The runtime gives float16 and cannot be given it. */
function fed(tensor: Tensor, kind: typeof Tensor): Tensor {
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

/** How many samples are fed, where an input says which of its sizes that is. */
function rowsFed(
  { inputMetadata }: InferenceSession,
  inputs: Readonly<Record<string, Tensor>>,
): number | undefined {
  const first = inputMetadata.find((input) =>
    input.isTensor && input.shape[0] === ROWS
  );
  return first && inputs[first.name]?.dims[0];
}
