/**
 * What detectors do with rows of numbers.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { NdArray } from "../types.ts";
import type { SampleMatrix } from "./definition.ts";
import type { Matrix } from "../linalg/products.ts";

/**
 * An array of a state.
 *
 * @param data Its values.
 * @param shape Its sizes. @default {[data.length]}
 * @returns The array.
 */
export function stateArray<
  T extends Float64Array | Float32Array | Int32Array | Uint8Array,
>(data: T, shape: readonly number[] = [data.length]): NdArray<T> {
  const dtype = data instanceof Float64Array
    ? "float64"
    : data instanceof Float32Array
    ? "float32"
    : data instanceof Int32Array
    ? "int32"
    : "uint8";
  return { data, shape, dtype };
}

/**
 * A matrix of a state.
 *
 * @param array The array, `[rows, columns]`, float64.
 * @returns The same as a matrix.
 */
export function stateMatrix(array: NdArray<ArrayBufferView>): Matrix {
  const [rows = 0, columns = 0] = array.shape;
  return { data: array.data as Float64Array, rows, columns };
}

/**
 * Rows minus a point, in float64.
 *
 * @param matrix The rows, `[n, D]`.
 * @param origin The point, `[D]`.
 * @returns New rows.
 */
export function centred(matrix: SampleMatrix, origin: Float64Array): Matrix {
  const { data, rows, columns } = matrix;
  const result = new Float64Array(rows * columns); // [n, D]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    for (let j = 0; j < columns; j++) {
      result[from + j] = data[from + j]! - origin[j]!;
    }
  }
  return { data: result, rows, columns };
}

/**
 * Rows divided by their Euclidean length, in float64; rows of zeros stay zeros.
 *
 * @param matrix The rows, `[n, D]`.
 * @returns New rows.
 */
export function normalised(matrix: SampleMatrix): Matrix {
  const { data, rows, columns } = matrix;
  const result = new Float64Array(rows * columns); // [n, D]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const length = lengthOf(data, from, columns);
    if (length === 0) continue;
    for (let i = from; i < from + columns; i++) result[i] = data[i]! / length;
  }
  return { data: result, rows, columns };
}

/**
 * What {@linkcode normalised} divides rows by: their length, 1 for rows of zeros.
 *
 * @param matrix The rows, `[n, D]`.
 * @returns One divisor a row.
 */
export function lengthsOf({ data, rows, columns }: SampleMatrix): Float64Array {
  return scoreRows(rows, (row) => lengthOf(data, row * columns, columns) || 1);
}

/**
 * The Euclidean length of a row; float32 values can neither overflow nor vanish.
 *
 * @param data Numbers.
 * @param from The index of the first.
 * @param count How many.
 * @returns The length.
 */
export function lengthOf(
  data: Float32Array | Float64Array,
  from: number,
  count: number,
): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += data[i]! * data[i]!;
  return Math.sqrt(sum);
}

/**
 * The index of the largest number of each row, the first of equal ones.
 *
 * @param matrix The rows.
 * @returns One index a row.
 */
export function argmax({ data, rows, columns }: SampleMatrix): Int32Array {
  const result = new Int32Array(rows); // [n]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    let best = 0;
    for (let j = 1; j < columns; j++) {
      if (data[from + j]! > data[from + best]!) best = j;
    }
    result[row] = best;
  }
  return result;
}

/**
 * One score a row.
 *
 * @param rows How many rows.
 * @param scoreOf Computes the score of a row.
 * @returns The scores.
 */
export function scoreRows(
  rows: number,
  scoreOf: (row: number) => number,
): Float64Array {
  const scores = new Float64Array(rows); // [n]
  for (let row = 0; row < rows; row++) scores[row] = scoreOf(row);
  return scores;
}

/**
 * Squared lengths of rows.
 *
 * @param data The rows.
 * @param rows How many.
 * @returns One number a row.
 */
export function squaredLengths(
  data: Float64Array,
  rows: number,
): Float64Array {
  const columns = data.length / rows;
  return scoreRows(rows, (row) => {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      sum += data[i]! * data[i]!;
    }
    return sum;
  });
}

/**
 * Refuses a fit in which the model is wrong on every sample.
 *
 * @param isSome Whether some sample is classified correctly.
 * @param action What is to be done, for messages.
 * @throws {RangeError} If none is.
 */
export function checkSomeCorrect(isSome: boolean, action: string): void {
  if (isSome) return;
  const rule = "some samples must be classified correctly";
  const hint = "are the labels those of the model's classes, from 0?";
  throw new RangeError(cannot(action, rule, 0, hint));
}
