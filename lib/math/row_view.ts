import { sizeOf } from "../check.ts";

/** An array whose first axis is the rows. */
interface Rows {
  readonly data: ArrayBufferView | readonly string[];
  readonly shape: readonly number[];
}

/**
 * Returns a range of rows, as a view.
 *
 * @param array An array `[N, …]` of any element type.
 * @param start The first row.
 * @param end The row after the last.
 * @returns `[end - start, …]`, which shares the memory of the array; strings are
 * copied.
 */
export function rowView<A extends Rows>(
  array: A,
  start: number,
  end: number,
): A {
  const sizes = array.shape.slice(1);
  const width = sizeOf(sizes);
  const [from, to] = [start * width, end * width];
  const data = isStrings(array.data)
    ? array.data.slice(from, to)
    : (array.data as Float32Array).subarray(from, to);
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
  const width = sizeOf(shape.slice(1));
  const sizes = [count, ...shape.slice(1)];
  if (isStrings(data)) {
    const last = data.slice((rows - 1) * width);
    const repeated = Array<readonly string[]>(start + count - rows).fill(last);
    const strings = [...data.slice(start * width), ...repeated.flat()];
    return { ...array, data: strings, shape: sizes };
  }
  const values = data as Float32Array;
  const Values = values.slice(0, 0).constructor as Float32ArrayConstructor;
  const padded = new Values(count * width);
  padded.set(values.subarray(start * width));
  const last = values.subarray((rows - 1) * width, rows * width);
  for (let row = rows - start; row < count; row++) {
    padded.set(last, row * width);
  }
  return { ...array, data: padded, shape: sizes };
}

function isStrings(data: Rows["data"]): data is readonly string[] {
  return Array.isArray(data);
}
