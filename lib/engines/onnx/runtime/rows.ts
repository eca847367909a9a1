/**
 * Splits the rows of batches among several graphs, or for a fixed batch size,
 * and joins the results.
 *
 * @module
 */
import { cannot, shapeText, sizeOf } from "../../../check.ts";
import { rowsFrom } from "../../../math/row_view.ts";
import type { NdArray } from "../../../types.ts";
import type { OnnxResult } from "./messages.ts";

type Results = Readonly<Record<string, OnnxResult>>;

/** Some rows of a batch. */
export interface Partition {
  /** One array for each feed, as views. */
  readonly inputs: readonly NdArray<ArrayBufferView>[];
  /** Index of the first row in the batch. */
  readonly start: number;
}

/**
 * Splits a batch into partitions whose sizes differ by at most one row.
 *
 * @param inputs One array for each feed, with the same number of rows.
 * @param most Maximum number of partitions.
 * @returns The partitions, none of them empty.
 */
export function partitionsOf(
  inputs: readonly NdArray<ArrayBufferView>[],
  most: number,
): Partition[] {
  const rows = inputs[0]!.shape[0]!;
  const count = Math.min(most, rows);
  const startOf = (i: number) => Math.floor(i * rows / count);
  return Array.from({ length: count }, (_, i) => {
    const start = startOf(i);
    const size = startOf(i + 1) - start;
    return {
      inputs: inputs.map((input) => rowsFrom(input, start, size)),
      start,
    };
  });
}

/**
 * Joins the results of several runs.
 *
 * @param parts The results of each run.
 * @param sizes Number of rows of each run.
 * @param rows Number of rows to keep: repeated rows at the end are dropped.
 * @param optional The result that is dropped if it has another number of rows,
 * or its other sizes differ between runs.
 * @returns The results.
 * @throws {TypeError} If another result has a different number of rows than its
 * run, or other sizes than in the first run.
 */
export function joinResults(
  parts: readonly Results[],
  sizes: readonly number[],
  rows: number,
  optional?: string,
): Results {
  const wantedShape = (name: string, size: number) => [
    size,
    ...parts[0]![name]!.shape.slice(1),
  ];
  const kept = Object.entries(parts[0]!).filter(([name]) =>
    name !== optional ||
    parts.every((part, i) =>
      shapeText(part[name]!.shape) === shapeText(wantedShape(name, sizes[i]!))
    )
  );
  return Object.fromEntries(
    kept.map(([name, { data, shape, type }]) => {
      const Values = data.constructor as Float32ArrayConstructor;
      const width = sizeOf(shape.slice(1));
      const joined = new Values(rows * width);
      let at = 0;
      parts.forEach((part, i) => {
        const { data, shape } = part[name]!;
        checkShape(name, shape, wantedShape(name, sizes[i]!));
        const count = Math.min(data.length, joined.length - at);
        joined.set((data as Float32Array).subarray(0, count), at);
        at += count;
      });
      return [name, { data: joined, shape: [rows, ...shape.slice(1)], type }];
    }),
  );
}

function checkShape(
  name: string,
  shape: readonly number[],
  wanted: readonly number[],
): void {
  if (shapeText(shape) === shapeText(wanted)) return;
  const [size, ...others] = wanted;
  const rule = shape[0] === size
    ? `it must be ${shapeText([null, ...others])} in every batch`
    : `it must return one row for each of the ${size} samples of a run`;
  throw new TypeError(cannot(`take tensor "${name}"`, rule, shape));
}

/**
 * Whether floats contain NaN or an infinity. Shaders may assume that there are
 * none (WebGPU Shading Language, "Floating Point Evaluation"), and not
 * propagate them.
 *
 * @param array The values, of any type.
 * @returns True if one of them is a float that is not finite.
 */
export function hasNonFinite(
  { data, dtype }: NdArray<ArrayBufferView>,
): boolean {
  if (!dtype.startsWith("float")) return false;
  const values = data as Float32Array;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) return true;
  }
  return false;
}
