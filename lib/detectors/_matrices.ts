/**
 * Splitting and joining matrices of samples.
 *
 * @module
 */
import type { Matrix } from "../linalg/products.ts";
import type { NdArray } from "../types.ts";
import type { SampleMatrix } from "./definition.ts";

/**
 * Reads a matrix of a state, of any element type.
 *
 * @param array The array, `[rows, columns]`.
 * @returns The matrix.
 */
export function matrixOf(array: NdArray<ArrayBufferView>): SampleMatrix {
  const [rows = 0, columns = 0] = array.shape;
  return { data: array.data as Float32Array | Float64Array, rows, columns };
}

/**
 * Splits a matrix into blocks of rows, without copying.
 *
 * @param matrix The matrix.
 * @param most Maximum number of rows per block.
 * @returns The blocks, each with the index of its first row.
 */
export function rowChunks(
  { data, rows, columns }: SampleMatrix,
  most: number,
): { readonly rows: SampleMatrix; readonly start: number }[] {
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const start = i * most;
    const end = Math.min(rows, start + most);
    const part = data.subarray(start * columns, end * columns);
    return { rows: { data: part, rows: end - start, columns }, start };
  });
}

/**
 * Concatenates the columns of two matrices.
 *
 * @param left `[n, A]`.
 * @param right `[n, B]`.
 * @returns `[n, A + B]`, in float64 if one of them is.
 */
export function sideBySide(
  left: SampleMatrix,
  right: SampleMatrix,
): SampleMatrix {
  const { rows } = left;
  const columns = left.columns + right.columns;
  const isWide = left.data instanceof Float64Array ||
    right.data instanceof Float64Array;
  const data = isWide
    ? new Float64Array(rows * columns) // [n, A + B]
    : new Float32Array(rows * columns); // [n, A + B]
  for (let row = 0; row < rows; row++) {
    data.set(rowOf(left, row), row * columns);
    data.set(rowOf(right, row), row * columns + left.columns);
  }
  return { data, rows, columns };
}

/**
 * Copies a range of columns.
 *
 * @param matrix The matrix.
 * @param start The first column.
 * @param count Their number.
 * @returns `[n, count]`.
 */
export function columnsOf(
  { data, rows, columns }: SampleMatrix,
  start: number,
  count: number,
): SampleMatrix {
  const part = data instanceof Float64Array
    ? new Float64Array(rows * count) // [n, count]
    : new Float32Array(rows * count); // [n, count]
  for (let row = 0; row < rows; row++) {
    const from = row * columns + start;
    part.set(data.subarray(from, from + count), row * count);
  }
  return { data: part, rows, columns: count };
}

/**
 * Transposes a matrix.
 *
 * @param matrix `[n, D]`.
 * @returns `[D, n]`, in float64.
 */
export function transposed({ data, rows, columns }: SampleMatrix): Matrix {
  const result = new Float64Array(rows * columns); // [D, n]
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + row] = data[row * columns + j]!;
    }
  }
  return { data: result, rows: columns, columns: rows };
}

function rowOf({ data, columns }: SampleMatrix, row: number) {
  return data.subarray(row * columns, (row + 1) * columns);
}
