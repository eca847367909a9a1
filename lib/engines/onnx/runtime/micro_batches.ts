/**
 * Runs samples in micro-batches, with memory for all results allocated before.
 *
 * @module
 */
import { sizeOf } from "../../../check.ts";
import { rowView } from "../../../math/row_view.ts";
import type {
  RuntimeSession,
  RuntimeValue,
  TypedValues,
  ValueInfo,
} from "./binding.ts";
import type { OnnxFeed, OnnxResult, RunRange } from "./messages.ts";
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
  session: RuntimeSession,
  feeds: Readonly<Record<string, OnnxFeed>>,
  { first, batchSize }: Required<RunRange>,
): Promise<Readonly<Record<string, OnnxResult>>> {
  const rows = Object.values(feeds)[0]!.array.shape[0]!;
  const { symbol } = batchSymbol(session)!;
  const results = Object.fromEntries(
    session.outputs.map((output) => [
      output.name,
      allocate(output, symbol, rows)!,
    ]),
  );
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { type, array }]) => [
      name,
      { data: array.data, shape: array.shape, type },
    ]),
  );
  for (let start = 0; start < rows; start += batchSize) {
    const count = Math.min(batchSize, rows - start);
    const valuesOf = (arrays: Readonly<Record<string, TypedValues>>) =>
      Object.fromEntries(
        Object.entries(arrays).map(([name, array]) => [
          name,
          session.valueOf(rowView(array, start, start + count)),
        ]),
      );
    const used = [valuesOf(inputs), valuesOf(results)] as const;
    try {
      await session.run(...used);
    } catch (cause) {
      const samples = samplesText(first + start, count);
      throw new SamplesError(messageOf(cause), samples);
    } finally {
      free(used.flatMap((values) => Object.values(values)));
    }
  }
  return results;
}

function free(values: readonly RuntimeValue[]): void {
  for (const value of values) value.free();
}

/**
 * The name of the batch axis of a model: the first named size among the first
 * sizes of its inputs.
 *
 * @param session The model.
 * @returns The name, and an input with that size; undefined if there is none.
 */
export function batchSymbol(
  { inputs }: RuntimeSession,
): { readonly symbol: string; readonly input: string } | undefined {
  for (const input of inputs) {
    const symbol = input.shape[0];
    if (typeof symbol === "string" && symbol !== "") {
      return { symbol, input: input.name };
    }
  }
}

/**
 * Array types that the runtime can write into. Not float16, whose arrays are
 * empty in its package for Node (Deno 2.9.6).
 */
const ARRAYS: Readonly<Record<string, ArrayConstructorOf>> = {
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
  output: ValueInfo,
  symbol: string,
  rows: number,
): OnnxResult | undefined {
  if (output.type === undefined || output.shape[0] !== symbol) return undefined;
  const [, ...sizes] = output.shape;
  const Values = ARRAYS[output.type];
  const isKnown = sizes.every((size) => typeof size === "number");
  if (Values === undefined || !isKnown) return undefined;
  const shape = [rows, ...sizes];
  return { data: new Values(sizeOf(shape)), shape, type: output.type };
}
