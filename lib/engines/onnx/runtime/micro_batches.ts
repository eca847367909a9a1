/**
 * Many samples computed a few at a time, with memory for all results allocated
 * before.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../../check.ts";
import type { OnnxFeed, OnnxResult, SampleRange } from "./messages.ts";
import { messageOf, samplesText } from "./runtime.ts";

/** The runtime failed on some of the samples. */
export class SamplesError extends Error {
  /** Which samples, as "samples 4 to 7". */
  readonly samples: string;

  /**
   * @param message The message of the runtime.
   * @param samples Which samples.
   */
  constructor(message: string, samples: string) {
    super(message);
    this.samples = samples;
  }
}

/**
 * Runs a model on one micro-batch after another.
 *
 * @param session The model; the sizes of its outputs are known.
 * @param feeds Its inputs, by name; only read.
 * @param samples Which samples they are, and how many are computed at once.
 * @returns All outputs, by name.
 * @throws {SamplesError} If the runtime fails on a micro-batch.
 */
export async function runMicroBatches(
  session: InferenceSession,
  feeds: Readonly<Record<string, OnnxFeed>>,
  { first, batchSize }: Required<SampleRange>,
): Promise<Readonly<Record<string, OnnxResult>>> {
  const { Tensor } = await import("onnxruntime-node");
  const rows = Object.values(feeds)[0]!.array.shape[0]!;
  const { symbol } = batchSymbol(session)!;
  const results = Object.fromEntries(
    session.outputMetadata.map((output) => [
      output.name,
      allocate(output, symbol, rows)!,
    ]),
  );
  for (let start = 0; start < rows; start += batchSize) {
    const count = Math.min(batchSize, rows - start);
    const tensors = (arrays: Record<string, TypedValues>) =>
      Object.fromEntries(
        Object.entries(arrays).map(([name, array]) => [
          name,
          tensorOf(Tensor, rowsOf(array, start, count)),
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
      const samples = samplesText(first + start, count);
      throw new SamplesError(messageOf(cause), samples);
    }
  }
  return results;
}

/** Values with their sizes and the runtime's word for their type. */
export interface TypedValues {
  readonly data: ArrayBufferView;
  readonly shape: readonly number[];
  readonly type: string;
}

/**
 * The runtime's tensor over an array, which it reads from or writes into.
 *
 * @param kind Its class of tensors.
 * @param array The array.
 * @returns The tensor; it holds no memory of its own.
 */
export function tensorOf(
  kind: typeof Tensor,
  { data, shape, type }: TypedValues,
): Tensor {
  return new kind(type as "float32", data as Float32Array, [...shape]);
}

/** Some rows, as a view. */
function rowsOf(
  { data, shape, type }: TypedValues,
  start: number,
  count: number,
): TypedValues {
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
 * The name of the batch axis of a model: of the first size that has one among
 * the first sizes of its inputs.
 *
 * @param session The model.
 * @returns The name, and an input of such a size; undefined if there is none.
 */
export function batchSymbol(
  { inputMetadata }: InferenceSession,
): { readonly symbol: string; readonly input: string } | undefined {
  for (const input of inputMetadata) {
    const symbol = input.isTensor ? input.shape[0] : undefined;
    if (typeof symbol === "string" && symbol !== "") {
      return { symbol, input: input.name };
    }
  }
}

/**
 * Types of arrays that the runtime can write into. Not float16: its arrays
 * reach the runtime empty (Deno 2.9.6).
 */
const ARRAYS: Partial<Record<Tensor.Type, ArrayConstructorOf>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

type ArrayConstructorOf = new (length: number) => OnnxResult["data"];

/**
 * Allocates memory for an output.
 *
 * @param output What is known about it.
 * @param symbol The name of the batch axis.
 * @param rows Number of samples.
 * @returns The memory; undefined if other sizes than that are not known.
 */
export function allocate(
  output: InferenceSession.ValueMetadata,
  symbol: string,
  rows: number,
): OnnxResult | undefined {
  if (!output.isTensor || output.shape[0] !== symbol) return undefined;
  const [, ...sizes] = output.shape;
  const Values = ARRAYS[output.type];
  const isKnown = sizes.every((size) => typeof size === "number");
  if (Values === undefined || !isKnown) return undefined;
  const shape = [rows, ...sizes];
  return { data: new Values(sizeOf(shape)), shape, type: output.type };
}
