import { sizeOf } from "../check.ts";

/** An array whose first axis is the rows. */
interface Rows {
  readonly data: ArrayBufferView;
  readonly shape: readonly number[];
}

/**
 * Returns a range of rows, as a view.
 *
 * @param array An array `[N, …]` of any element type.
 * @param start The first row.
 * @param end The row after the last.
 * @returns `[end - start, …]`, which shares the memory of the array.
 */
export function rowView<A extends Rows>(
  array: A,
  start: number,
  end: number,
): A {
  const sizes = array.shape.slice(1);
  const width = sizeOf(sizes);
  const data = (array.data as Float32Array)
    .subarray(start * width, end * width);
  return { ...array, data, shape: [end - start, ...sizes] };
}
