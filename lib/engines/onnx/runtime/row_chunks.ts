/**
 * Batches for a model that takes a fixed number of rows at once: cut, the last
 * one filled up, and what comes of it joined again.
 *
 * @module
 */
import { cannot, shapeText, sizeOf } from "../../../check.ts";
import type { NdArray } from "../../../types.ts";
import type { OnnxResult } from "./messages.ts";

type Results = Readonly<Record<string, OnnxResult>>;

/**
 * Some rows of a batch, filled up by repeating its last one.
 *
 * @param array The batch, `[N, …]`.
 * @param start The first row.
 * @param count How many rows there must be.
 * @returns `[count, …]`; a view where nothing is filled up.
 */
export function rowsFrom(
  { data, shape, dtype }: NdArray<ArrayBufferView>,
  start: number,
  count: number,
): NdArray<ArrayBufferView> {
  const values = data as Float32Array;
  const width = sizeOf(shape.slice(1));
  const rows = shape[0]!;
  const sizes = [count, ...shape.slice(1)];
  const there = values.subarray(start * width, (start + count) * width);
  if (start + count <= rows) return { data: there, shape: sizes, dtype };
  const filled = values.slice(0, 0).constructor as Float32ArrayConstructor;
  const whole = new filled(count * width);
  whole.set(there);
  const last = values.subarray((rows - 1) * width, rows * width);
  for (let row = rows - start; row < count; row++) {
    whole.set(last, row * width);
  }
  return { data: whole, shape: sizes, dtype };
}

/**
 * The results of several runs as those of one.
 *
 * @param parts What each run gave.
 * @param size How many rows each was given.
 * @param rows How many rows there are in all, without those that were filled in.
 * @returns The results.
 * @throws {TypeError} If one has not as many rows as it was given.
 */
export function joinRows(
  parts: readonly Results[],
  size: number,
  rows: number,
): Results {
  return Object.fromEntries(
    Object.entries(parts[0]!).map(([name, { data, shape, type }]) => {
      const kind = data.constructor as Float32ArrayConstructor;
      const width = sizeOf(shape.slice(1));
      const joined = new kind(rows * width);
      parts.forEach((part, i) => {
        const { data, shape } = part[name]!;
        checkSize(name, shape, size);
        const at = i * size * width;
        const count = Math.min(size * width, joined.length - at);
        joined.set((data as Float32Array).subarray(0, count), at);
      });
      return [name, { data: joined, shape: [rows, ...shape.slice(1)], type }];
    }),
  );
}

function checkSize(name: string, shape: readonly number[], size: number): void {
  if (shape[0] === size) return;
  throw new TypeError(
    cannot(
      `take tensor "${name}"`,
      `it must give one row for each of the ${size} that the model takes`,
      shapeText(shape),
    ),
  );
}
