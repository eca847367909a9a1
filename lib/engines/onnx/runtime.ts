/**
 * ONNX Runtime: loaded when it is first used, and what we take from it. A run
 * keeps the thread that it is called on, which is why sessions live in a
 * worker of their own.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import { type EncodedModel, encodeModel } from "./encode_model.ts";
import type { OnnxFeed, OnnxResult } from "./messages.ts";
import { type OnnxGraph, ROWS } from "./onnx_graph.ts";

/** A graph that is ready to run. */
export interface OpenGraph {
  /**
   * Runs it.
   *
   * @param feeds Values of all inputs, by name; only read, and only before
   * this returns its promise.
   * @param what What they are called in messages.
   * @returns Values of all outputs, by name; booleans as bytes. Ours to keep.
   */
  run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    what?: string,
  ): Promise<Readonly<Record<string, OnnxResult>>>;
  /** Frees it. */
  close(): Promise<void>;
}

/**
 * Why ONNX Runtime cannot be had here, if it cannot.
 *
 * @param asks Whether the user may be asked for a permission.
 * @returns What is in the way; undefined where it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  if (!asks) {
    const { state, partial } = await Deno.permissions.query({ name: "ffi" });
    if (state !== "granted" && !partial) {
      return "ONNX Runtime needs the permission --allow-ffi";
    }
  }
  try {
    await import("onnxruntime-node");
  } catch (cause) {
    return `ONNX Runtime cannot be loaded: ${saidBy(cause)}`;
  }
}

/**
 * Hands a model to ONNX Runtime, in this thread.
 *
 * @param model The model; its weights are copied.
 * @param threads How many it computes on.
 * @returns It, ready to run.
 * @throws {Error} The runtime's own, if it is not there or refuses the model.
 */
export async function openModel(
  { bytes, externalData }: EncodedModel,
  threads: number,
): Promise<OpenGraph> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session: InferenceSession = await InferenceSession.create(bytes, {
    externalData: [...externalData],
    intraOpNumThreads: threads,
    logSeverityLevel: 4, // what fails, it throws
    // Threads that wait for work at full speed take the cores from those that
    // have some: the caller's, which prepares the next batch, to begin with.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const rowsOf = rowsReader(session);
  return {
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { type, array }]) => {
        const { data, shape } = array;
        return [name, new Tensor(type, data as Float32Array, [...shape])];
      });
      const rows = rowsOf(feeds);
      // Where the sizes are known, the runtime writes into memory of ours.
      const ours = new Map<string, OnnxResult>();
      const fetches = session.outputMetadata.map((output) => {
        const result = rows === undefined ? undefined : room(output, rows);
        if (result === undefined) return [output.name, null];
        ours.set(output.name, result);
        const { type } = output as InferenceSession.TensorValueMetadata;
        const { data, shape } = result;
        return [output.name, new Tensor(type, data as Float32Array, shape)];
      });
      const results = await session.run(
        Object.fromEntries(tensors),
        Object.fromEntries(fetches),
      );
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) =>
          [name, ours.get(name) ?? taken(tensor)] as const
        ),
      );
    },
    close: () => session.release(),
  };
}

/** Reads how many samples are fed, where an input says which of its sizes that is. */
function rowsReader({ inputMetadata }: InferenceSession) {
  const first = inputMetadata.find((input) =>
    input.isTensor && input.shape[0] === ROWS
  );
  return (feeds: Readonly<Record<string, OnnxFeed>>): number | undefined =>
    first && feeds[first.name]?.array.shape[0];
}

/**
 * Types of arrays that the runtime can be given to write into. Not float16: its
 * arrays reach the runtime empty (Deno 2.9.6).
 */
const ARRAYS: Partial<Record<Tensor.Type, ArrayConstructorOf>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

type ArrayConstructorOf = new (length: number) => OnnxResult["data"];

/** Memory for an output whose sizes are known but for the samples. */
function room(
  output: InferenceSession.ValueMetadata,
  rows: number,
): OnnxResult | undefined {
  if (!output.isTensor || output.shape[0] !== ROWS) return undefined;
  const [, ...sizes] = output.shape;
  const Values = ARRAYS[output.type];
  const isKnown = sizes.every((size) => typeof size === "number");
  if (Values === undefined || !isKnown) return undefined;
  const shape = [rows, ...sizes];
  return { data: new Values(sizeOf(shape)), shape };
}

/**
 * Hands a graph to ONNX Runtime, in this thread.
 *
 * @param graph The outermost graph.
 * @returns It, ready to run.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the graph.
 */
export async function openGraph(graph: OnnxGraph): Promise<OpenGraph> {
  const open = await explained(
    "open the model",
    () => openModel(encodeModel(graph), defaultThreads()),
  );
  return {
    run: (feeds, what = "the batch") =>
      explained(`run ${what}`, () => open.run(feeds)),
    close: () => open.close(),
  };
}

/**
 * How many threads compute, unless it is said.
 *
 * @returns As many as this process may use at once. The runtime's own choice
 * is the machine's cores, which are more in most containers.
 */
export function defaultThreads(): number {
  return navigator.hardwareConcurrency;
}

/**
 * The error for what the runtime says.
 *
 * @param what What was to be done.
 * @param said What it says.
 * @param cause The error, if it came in this thread.
 * @returns The error, to be thrown.
 */
export function refusedByRuntime(
  what: string,
  said: string,
  cause?: unknown,
): UnsupportedByEngineError {
  const rule = `its runtime says "${said}"; use .engine("tfjs")`;
  const error = new UnsupportedByEngineError(what, "onnx", rule);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/**
 * The part of an error that is worth a message.
 *
 * @param cause What was thrown.
 * @returns Its first line.
 */
export function saidBy(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!;
}

async function explained<R>(what: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    throw refusedByRuntime(what, saidBy(cause), cause);
  }
}

/** Copies what the runtime holds, and lets go of it. */
function taken(tensor: Tensor): OnnxResult {
  const data = (tensor.data as Float32Array).slice();
  const shape = [...tensor.dims];
  const isHalf = tensor.type === "float16"; // which may come as bare bits
  tensor.dispose();
  return { data: isHalf ? new Float16Array(data.buffer) : data, shape };
}
