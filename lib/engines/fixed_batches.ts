import { cannot, sizeOf } from "../check.ts";
import { rowView } from "../math/row_view.ts";
import type { FeatureArray, NdArray } from "../types.ts";
import type { Program, RunOutputs } from "./program.ts";

type Inputs = readonly NdArray<ArrayBufferView>[];

/**
 * The fixed batch size of a graph of raw operations, if any.
 *
 * @param program A program.
 * @returns The batch size; undefined if it is not fixed.
 */
export function fixedRows({ graph, feeds }: Program): number | undefined {
  if (graph.runtime === undefined) return undefined;
  const sizes = new Set(feeds.map(({ spec }) => spec.shape[0] ?? null));
  const [size] = sizes;
  return sizes.size === 1 && typeof size === "number" ? size : undefined;
}

/**
 * Runs samples in batches of a fixed size, one by one. Batches are never
 * padded, because operations of the graph may mix rows.
 *
 * @param inputs One array for each feed, `[N, …]`.
 * @param size The batch size.
 * @param run Runs one batch; receives the index of its first row.
 * @returns The outputs of all samples.
 * @throws {RangeError} If the number of samples is not a multiple of the size.
 */
export async function inFixedBatches(
  inputs: Inputs,
  size: number,
  run: (batch: Inputs, start: number) => Promise<RunOutputs>,
): Promise<RunOutputs> {
  const rows = inputs[0]!.shape[0]!;
  if (rows % size > 0) {
    throw new RangeError(
      cannot(
        "run the model",
        `the number of samples in a batch must be a multiple of the ${size} that its graph takes`,
        rows,
        `use .batch() with such a number, and leave samples out or add some`,
      ),
    );
  }
  const parts: RunOutputs[] = [];
  for (let start = 0; start < rows; start += size) {
    const rows = inputs.map((x) => rowView(x, start, start + size));
    parts.push(await run(rows, start));
  }
  return joined(parts);
}

function joined(parts: readonly RunOutputs[]): RunOutputs {
  const [{ features, logits, penultimate, scale }] = parts as [RunOutputs];
  return {
    features: features.map((_, i) =>
      joinedArrays(parts.map((part) => part.features[i]!))
    ),
    ...(logits && { logits: joinedArrays(parts.map((p) => p.logits!)) }),
    ...(penultimate &&
      { penultimate: joinedArrays(parts.map((p) => p.penultimate!)) }),
    ...(scale &&
      { scale: Float32Array.from(parts.flatMap((p) => [...p.scale!])) }),
  };
}

function joinedArrays<A extends FeatureArray | NdArray>(
  arrays: readonly A[],
): A {
  const [first] = arrays as [A];
  const rows = arrays.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const shape = Object.freeze([rows, ...first.shape.slice(1)]);
  const Values = first.data.constructor as Float32ArrayConstructor;
  const data = new Values(sizeOf(shape));
  let at = 0;
  for (const array of arrays) {
    data.set(array.data as Float32Array, at);
    at += array.data.length;
  }
  const whole: A = { ...first, data, shape };
  Object.freeze(whole);
  return whole;
}
