/**
 * Operations on the rows of arrays. The first axis is the samples; the other
 * axes belong to one sample.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import type { DType, NdArray } from "../types.ts";
import type { FeatureData } from "./fields.ts";

/**
 * Creates a frozen array description around the same data.
 *
 * @param data The values; neither copied nor frozen.
 * @param shape Sizes of the axes; copied.
 * @param dtype Element type.
 * @returns The array.
 */
export function frozenArray<T extends ArrayBufferView>(
  data: T,
  shape: readonly number[],
  dtype: DType,
): NdArray<T> {
  return Object.freeze({ data, shape: Object.freeze([...shape]), dtype });
}

/**
 * Creates an array of zeros of the same kind.
 *
 * @param like An array of that kind.
 * @param length Number of values.
 * @returns Zeros.
 */
export function emptyLike<T extends FeatureData>(like: T, length: number): T {
  const Kind = like.constructor as new (length: number) => T;
  return new Kind(length);
}

/**
 * Copies some rows.
 *
 * @param array The array, `[N, …]`.
 * @param rows Row indices below `N`, in the requested order.
 * @returns The rows.
 */
export function takeRows<T extends FeatureData>(
  array: NdArray<T>,
  rows: ArrayLike<number>,
): NdArray<T> {
  const { data, shape, dtype } = array;
  const width = sizeOf(shape.slice(1));
  const selected = emptyLike(data, rows.length * width); // [rows, …]
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * width;
    selected.set(data.subarray(start, start + width), i * width);
  }
  return frozenArray(selected, [rows.length, ...shape.slice(1)], dtype);
}

/**
 * Joins arrays along their first axis. Copies them.
 *
 * @param parts At least one array; all of one type, and of one shape after the first axis.
 * @returns Their rows, one after the other.
 */
export function joinRows<T extends FeatureData>(
  parts: readonly NdArray<T>[],
): NdArray<T> {
  const first = parts[0]!;
  const width = sizeOf(first.shape.slice(1));
  const count = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const joined = emptyLike(first.data, count * width); // [N, …]
  let start = 0;
  for (const { data } of parts) {
    joined.set(data, start);
    start += data.length;
  }
  return frozenArray(joined, [count, ...first.shape.slice(1)], first.dtype);
}
