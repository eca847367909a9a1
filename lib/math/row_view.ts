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

/**
 * Selects rows; if there are fewer, the last one is repeated.
 *
 * @param array The array, `[N, …]`.
 * @param start The first row.
 * @param count Number of rows.
 * @returns `[count, …]`; a view if no row is repeated.
 */
export function rowsFrom<A extends Rows>(
  array: A,
  start: number,
  count: number,
): A {
  const { data, shape } = array;
  const rows = shape[0]!;
  if (start + count <= rows) return rowView(array, start, start + count);
  const values = data as Float32Array;
  const width = sizeOf(shape.slice(1));
  const Values = values.slice(0, 0).constructor as Float32ArrayConstructor;
  const padded = new Values(count * width);
  padded.set(values.subarray(start * width));
  const last = values.subarray((rows - 1) * width, rows * width);
  for (let row = rows - start; row < count; row++) {
    padded.set(last, row * width);
  }
  return { ...array, data: padded, shape: [count, ...shape.slice(1)] };
}
