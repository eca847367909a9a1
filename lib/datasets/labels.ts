/**
 * Converts labels to class indices.
 *
 * `[N]` and `[N, 1]` are indices; `[N, C]` with `C > 1` must be one-hot in every
 * row. Anything else is refused: no value is rounded, and no class is chosen
 * among several.
 *
 * @module
 */
import { cannot, checkAwaited } from "../check.ts";
import {
  checkTensorLike,
  type HostArray,
  isHostArray,
  isObject,
  isTensor,
  type TypedTensorLike,
} from "./tensor_likes.ts";

/** Labels of the caller; arrays have an element type. */
export type LabelValues = TypedTensorLike | ArrayLike<number>;

/**
 * Checks type and number of labels, without reading their values.
 *
 * @param labels The labels.
 * @param rows Number of samples.
 * @param action The action, for messages.
 * @throws {TypeError} If they are not labels, or a promise.
 * @throws {RangeError} If their number differs from that of the samples.
 */
export function checkLabels(
  labels: LabelValues,
  rows: number,
  action: string,
): void {
  checkAwaited(labels, action, "labels");
  if (isTensor(labels) || isHostArray(labels)) {
    checkTensorLike(labels, action, "labels");
    checkShape(labels.shape, rows, action);
    return;
  }
  const isList = Array.isArray(labels) ||
    (ArrayBuffer.isView(labels) && !(labels instanceof DataView)) ||
    (isObject(labels) && Number.isSafeInteger(labels.length));
  if (!isList) {
    const rule =
      "labels must be a tensor, { data, shape, dtype } or an array of numbers";
    throw new TypeError(cannot(action, rule, labels));
  }
  checkCount((labels as ArrayLike<number>).length, rows, action);
}

function checkShape(
  shape: readonly number[],
  rows: number,
  action: string,
): void {
  if (shape.length !== 1 && shape.length !== 2) {
    throw new TypeError(
      cannot(
        action,
        "labels must be class indices [N] or [N, 1], or one-hot rows [N, C]",
        shape,
        "for several batches pass an iterable of them, such as a Set or a " +
          "generator: an array is one batch",
      ),
    );
  }
  checkCount(shape[0]!, rows, action);
  if (shape[1] === 0) {
    const rule = "one-hot labels must have a column for every class";
    throw new TypeError(cannot(action, rule, shape));
  }
}

function checkCount(count: number, rows: number, action: string): void {
  if (count === rows) return;
  const rule = `there must be as many labels as inputs, ${rows}`;
  throw new RangeError(cannot(action, rule, count));
}

/**
 * Converts labels on the host to class indices, in a new array.
 *
 * @param labels Indices `[N]` or `[N, 1]`, or one-hot rows `[N, C]`.
 * @param rows Number of samples.
 * @param action The action, for messages.
 * @param first Index of the first row in the dataset, for messages.
 * @returns One index per sample, `[N]`.
 * @throws {TypeError} If they are not labels.
 * @throws {RangeError} If their number differs from that of the samples, one is
 * not an integer in the range of int32, or a row of several is not one-hot.
 */
export function labelsOf(
  labels: HostArray | ArrayLike<number>,
  rows: number,
  action: string,
  first = 0,
): Int32Array {
  checkLabels(labels, rows, action);
  if (!isHostArray(labels)) {
    return indicesOf(labels as ArrayLike<number>, action, first);
  }
  const values = labels.data as unknown as ArrayLike<number | bigint>;
  const width = labels.shape[1] ?? 1;
  return width === 1
    ? indicesOf(values, action, first)
    : oneHotOf(values, width, action, first);
}

function indicesOf(
  values: ArrayLike<unknown>,
  action: string,
  first: number,
): Int32Array {
  const indices = new Int32Array(values.length);
  for (let row = 0; row < indices.length; row++) {
    const value = values[row];
    if (typeof value !== "number" && typeof value !== "bigint") {
      const hint = `it is in row ${first + row}; for one-hot rows pass a ` +
        "tensor, as by tf.tensor2d(…), or { data, shape, dtype }";
      throw new TypeError(
        cannot(action, "labels must be numbers", value, hint),
      );
    }
    indices[row] = Number(value);
    if (indices[row] !== Number(value)) {
      const rule = "labels must be whole numbers in the range of int32";
      const hint = `it is in row ${first + row}; pass class indices, or no ` +
        "labels";
      throw new RangeError(cannot(action, rule, value, hint));
    }
  }
  return indices;
}

function oneHotOf(
  values: ArrayLike<number | bigint>,
  width: number,
  action: string,
  first: number,
): Int32Array {
  const indices = new Int32Array(values.length / width);
  for (let row = 0; row < indices.length; row++) {
    let ones = 0;
    let others = 0;
    for (let column = 0; column < width; column++) {
      const value = Number(values[row * width + column]);
      if (value === 1) {
        ones++;
        indices[row] = column;
      } else if (value !== 0) {
        others++;
      }
    }
    if (ones === 1 && others === 0) continue;
    const shown = Array.from(
      { length: width },
      (_, column) => values[row * width + column],
    );
    throw new RangeError(
      cannot(
        action,
        `labels of ${width} columns must be one-hot, a single 1 among zeros`,
        shown,
        `it is row ${first + row}; pass one class index a sample, as by ` +
          "labels.argMax(-1), or no labels",
      ),
    );
  }
  return indices;
}
