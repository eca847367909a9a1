/**
 * Graphs that run one after another in one thread: what the first gives is fed
 * to the second without being copied. Loads ONNX Runtime when it is first used.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { EncodedModel } from "./encode_model.ts";
import type { OnnxFeed, OnnxOutput, OnnxResult } from "./messages.ts";

/** Settings of {@linkcode Stages.add}. */
export interface StageOptions {
  /** How many threads it computes on. */
  readonly threads: number;
  /** Which outputs of the stages before go into its inputs, by the inputs' names. */
  readonly from?: Readonly<Record<string, string>> | undefined;
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
   * @param wanted Names of the outputs to keep; without it, those of the last.
   * @returns Their values; booleans as bytes. The caller's to keep.
   */
  async run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    wanted?: readonly string[],
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    if (this.#stages.length === 0) throw new TypeError("no graph is open");
    const { Tensor } = await import("onnxruntime-node");
    const values = new Map<string, Tensor>();
    try {
      let last: readonly string[] = [];
      for (const { session, from } of this.#stages) {
        const entries: [string, Tensor][] = from === undefined
          ? Object.entries(feeds).map(([name, { type, array }]) => [
            name,
            new Tensor(type, array.data as Float32Array, [...array.shape]),
          ])
          : Object.entries(from).map(([input, output]) => [
            input,
            fed(values.get(output)!, Tensor),
          ]);
        const results = await session.run(Object.fromEntries(entries));
        last = Object.keys(results);
        for (const name of last) values.set(name, results[name]!);
      }
      const kept = (wanted ?? last).map((name) => [
        name,
        copied(values.get(name)!),
      ]);
      return Object.fromEntries(kept);
    } finally {
      for (const tensor of values.values()) tensor.dispose();
    }
  }

  /** Frees all. */
  async close(): Promise<void> {
    for (const { session } of this.#stages.splice(0)) await session.release();
  }
}

/** The runtime gives float16 and cannot be given it. */
function fed(tensor: Tensor, kind: typeof Tensor): Tensor {
  if (tensor.type !== "float16") return tensor;
  const values = Float32Array.from(tensor.data as unknown as Float16Array);
  return new kind("float32", values, [...tensor.dims]);
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
  const values = (data as Float32Array).slice() as OnnxResult["data"];
  return { data: values, shape: [...dims], type };
}
