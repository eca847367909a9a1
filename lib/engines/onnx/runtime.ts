/**
 * ONNX Runtime: loaded when it is first used, and what we take from it.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { UnsupportedByEngineError } from "../../errors.ts";
import type { NdArray } from "../../types.ts";
import { encodeModel } from "./encode_model.ts";
import type { OnnxGraph, OnnxType } from "./onnx_graph.ts";

/** A graph that is ready to run. */
export interface OpenGraph {
  /**
   * Runs it.
   *
   * @param feeds Values of all inputs, by name.
   * @returns Values of all outputs, by name; booleans as bytes. Ours to keep.
   */
  run(
    feeds: Readonly<Record<string, OnnxFeed>>,
  ): Promise<Record<string, OnnxResult>>;
  /** Frees it. */
  close(): Promise<void>;
}

/** What goes into one input. */
export interface OnnxFeed {
  readonly type: OnnxType;
  readonly array: NdArray<ArrayBufferView>;
}

/** What comes out of one output. */
export interface OnnxResult {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/**
 * Hands a graph to ONNX Runtime.
 *
 * @param graph The outermost graph.
 * @returns It, ready to run.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not there, or refuses the graph.
 */
export async function openGraph(graph: OnnxGraph): Promise<OpenGraph> {
  const runtime = await loadRuntime();
  const { bytes, externalData } = encodeModel(graph);
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(bytes, {
      externalData: [...externalData],
      logSeverityLevel: 4, // what fails, it throws
    });
  } catch (cause) {
    throw explained("open the model", cause);
  }
  return {
    async run(feeds) {
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, { type, array }]) => [
          name,
          new runtime.Tensor(
            type,
            array.data as Float32Array,
            [...array.shape],
          ) as Tensor,
        ]),
      );
      try {
        const results = await session.run(tensors);
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => [
            name,
            taken(tensor),
          ]),
        );
      } catch (cause) {
        throw explained("run the model", cause);
      }
    },
    close: () => session.release(),
  };
}

async function loadRuntime() {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw explained("load ONNX Runtime", cause);
  }
}

/** Copies what the runtime holds, and lets go of it. */
function taken(tensor: Tensor): OnnxResult {
  const data = (tensor.data as Float32Array).slice();
  const shape = [...tensor.dims];
  tensor.dispose();
  return { data, shape };
}

function explained(what: string, cause: unknown): UnsupportedByEngineError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new UnsupportedByEngineError(
    what,
    "onnx",
    `its runtime says "${text.split("\n")[0]}"; use .engine("tfjs")`,
  );
}
