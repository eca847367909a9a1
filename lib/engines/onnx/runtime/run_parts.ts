/**
 * Memory for what the runtime gives, and many samples in it part by part.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../../check.ts";
import type { RunSamples } from "../../session.ts";
import type { OnnxFeed, OnnxResult } from "./messages.ts";
import { ROWS } from "../graph/onnx_graph.ts";
import { messageOf } from "./runtime.ts";
import { samplesText } from "./samples_text.ts";

/** Some of the samples that were given cannot be computed. */
export class PartError extends Error {
  /** Which. */
  readonly samples: string;

  /**
   * @param said What the runtime says.
   * @param samples Which samples.
   */
  constructor(said: string, samples: string) {
    super(said);
    this.samples = samples;
  }
}

/**
 * Runs a graph of ours on some samples after others; every output has its place
 * in one array before anything runs.
 *
 * @param session The graph; the sizes of its outputs are known.
 * @param feeds What goes in, by name; only read.
 * @param samples Which samples they are, and how many are computed at once.
 * @returns All outputs, by name.
 * @throws {PartError} If the runtime fails with some of them.
 */
export async function runParts(
  session: InferenceSession,
  feeds: Readonly<Record<string, OnnxFeed>>,
  { first, batchSize }: Required<RunSamples>,
): Promise<Readonly<Record<string, OnnxResult>>> {
  const { Tensor } = await import("onnxruntime-node");
  const rows = Object.values(feeds)[0]!.array.shape[0]!;
  const results = Object.fromEntries(
    session.outputMetadata.map((output) => [output.name, room(output, rows)!]),
  );
  for (let start = 0; start < rows; start += batchSize) {
    const count = Math.min(batchSize, rows - start);
    const tensors = (arrays: Record<string, Typed>) =>
      Object.fromEntries(
        Object.entries(arrays).map(([name, array]) => [
          name,
          tensorOf(Tensor, part(array, start, count)),
        ]),
      );
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { type, array }]) => [
        name,
        { data: array.data, shape: array.shape, type },
      ]),
    );
    try {
      await session.run(tensors(inputs), tensors(results));
    } catch (cause) {
      throw new PartError(messageOf(cause), samplesText(first + start, count));
    }
  }
  return results;
}

/** Values with their sizes and the runtime's word for their type. */
export interface Typed {
  readonly data: ArrayBufferView;
  readonly shape: readonly number[];
  readonly type: string;
}

/**
 * The runtime's word for an array, which it reads from or writes into.
 *
 * @param kind Its class of tensors.
 * @param array The array.
 * @returns The tensor; it holds no memory of its own.
 */
export function tensorOf(
  kind: typeof Tensor,
  { data, shape, type }: Typed,
): Tensor {
  return new kind(type as "float32", data as Float32Array, [...shape]);
}

/** The rows from `start` on, as a view. */
function part(
  { data, shape, type }: Typed,
  start: number,
  count: number,
): Typed {
  const sizes = shape.slice(1);
  const width = sizeOf(sizes);
  const values = data as Float32Array;
  return {
    data: values.subarray(start * width, (start + count) * width),
    shape: [count, ...sizes],
    type,
  };
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

/**
 * Memory for an output.
 *
 * @param output What is known of it.
 * @param rows How many samples there are.
 * @returns The memory; undefined where other sizes than that are not known.
 */
export function room(
  output: InferenceSession.ValueMetadata,
  rows: number,
): OnnxResult | undefined {
  if (!output.isTensor || output.shape[0] !== ROWS) return undefined;
  const [, ...sizes] = output.shape;
  const Values = ARRAYS[output.type];
  const isKnown = sizes.every((size) => typeof size === "number");
  if (Values === undefined || !isKnown) return undefined;
  const shape = [rows, ...sizes];
  return { data: new Values(sizeOf(shape)), shape, type: output.type };
}
