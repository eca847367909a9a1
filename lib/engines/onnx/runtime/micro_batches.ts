/**
 * Runs samples in micro-batches, with memory for all results allocated before.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../../check.ts";
import { rowView } from "../../../math/row_view.ts";
import type { OnnxFeed, OnnxResult, SampleRange } from "./messages.ts";
import { messageOf, samplesText } from "./runtime.ts";

/** The runtime failed on some of the samples. */
export class SamplesError extends Error {
  /** The samples, as "samples 4 to 7". */
  readonly samples: string;

  /**
   * @param message The message of the runtime.
   * @param samples The samples, for messages.
   */
  constructor(message: string, samples: string) {
    super(message);
    this.samples = samples;
  }
}

/**
 * Runs a model on micro-batches, one by one.
 *
 * @param session The model; the sizes of its outputs are known.
 * @param feeds Its inputs, by name; only read.
 * @param samples Range of the samples, and size of micro-batches.
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
          tensorOf(Tensor, rowView(array, start, start + count)),
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

/** Values with their sizes and the runtime's type name. */
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
 * @returns The tensor, over the memory of the array.
 */
export function tensorOf(
  kind: typeof Tensor,
  { data, shape, type }: TypedValues,
): Tensor {
  return new kind(type as "float32", data as Float32Array, [...shape]);
}

/**
 * The name of the batch axis of a model: the first named size among the first
 * sizes of its inputs.
 *
 * @param session The model.
 * @returns The name, and an input with that size; undefined if there is none.
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
 * Array types that the runtime can write into. Not float16, whose arrays are
 * empty in the runtime (Deno 2.9.6).
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
 * @returns The memory; undefined if other sizes are unknown.
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
