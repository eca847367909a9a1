/**
 * Row operations of detectors.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { NdArray } from "../types.ts";
import type { SampleBlock, SampleMatrix } from "./definition.ts";
import type { Matrix } from "../linalg/products.ts";

/**
 * Creates an array of a state.
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
 * Reads a matrix of a state.
 *
 * @param array The array, `[rows, columns]`, float64.
 * @returns The matrix.
 */
export function stateMatrix(array: NdArray<ArrayBufferView>): Matrix {
  const [rows = 0, columns = 0] = array.shape;
  return { data: array.data as Float64Array, rows, columns };
}

/**
 * Normalises rows to Euclidean length 1, in float64; zero rows stay zero.
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
 * The divisors of {@linkcode normalised}: the length of each row, 1 for zero
 * rows.
 *
 * @param matrix The rows, `[n, D]`.
 * @returns One divisor per row.
 */
export function lengthsOf({ data, rows, columns }: SampleMatrix): Float64Array {
  return scoreRows(rows, (row) => lengthOf(data, row * columns, columns) || 1);
}

/**
 * The Euclidean length of a row; float32 values can neither overflow nor
 * underflow.
 *
 * @param data Numbers.
 * @param from The index of the first.
 * @param count Number of values.
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
 * The Euclidean distance of a row from a point.
 *
 * @param matrix The rows, `[n, D]`.
 * @param row The index of the row.
 * @param points Points, `[K, D]`.
 * @param index The index of the point. @default {0}
 * @returns The distance.
 */
export function distanceTo(
  { data, columns }: SampleMatrix,
  row: number,
  points: Float64Array,
  index = 0,
): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const off = data[row * columns + j]! - points[index * columns + j]!;
    sum += off * off;
  }
  return Math.sqrt(sum);
}

/**
 * The index of the largest number of each row, the first of equal ones.
 *
 * @param matrix The rows.
 * @returns One index per row.
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
 * The labels of correctly classified rows: those whose largest logit is that of
 * their label.
 *
 * @param block Logits and labels.
 * @returns One label per row, -1 where the prediction is wrong.
 */
export function correctLabels({ logits, labels }: SampleBlock): Int32Array {
  return argmax(logits).map((predicted, row) =>
    predicted === labels[row] ? predicted : -1
  );
}

/**
 * One score per row.
 *
 * @param rows Number of rows.
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
 * @param rows Number of rows.
 * @returns One number per row.
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
 * Checks that some sample of the fit is classified correctly.
 *
 * @param isSome Whether one is.
 * @param action The action, for messages.
 * @throws {RangeError} If none is.
 */
export function checkSomeCorrect(isSome: boolean, action: string): void {
  if (isSome) return;
  const rule = "some samples must be classified correctly";
  const hint = "are the labels those of the model's classes, from 0?";
  throw new RangeError(cannot(action, rule, 0, hint));
}
