/**
 * Batches for a model that takes a fixed number of rows at once: cut, the last
 * one filled up, and what comes of it joined again.
 *
 * @module
 */
import { sizeOf } from "../../check.ts";
import type { NdArray } from "../../types.ts";
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
 * @param parts What each run gave, of as many rows as it was given.
 * @param rows How many rows there are in all, without those that were filled in.
 * @returns The results; one that does not go by rows is as long as its parts.
 */
export function joinRows(parts: readonly Results[], rows: number): Results {
  const [first] = parts;
  return Object.fromEntries(
    Object.entries(first!).map(([name, { shape, type }]) => {
      const all = parts.map((part) => part[name]!);
      const width = sizeOf(shape.slice(1));
      const found = all.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
      const count = found < rows ? found : rows;
      const kind = all[0]!.data.constructor as Float32ArrayConstructor;
      const data = new kind(count * width);
      let at = 0;
      for (const { data: values } of all) {
        const part = (values as Float32Array).subarray(0, data.length - at);
        data.set(part, at);
        at += part.length;
      }
      return [name, { data, shape: [count, ...shape.slice(1)], type }];
    }),
  );
}
