/**
 * What is special about a `tf.data.Dataset`: the tensors that it yields belong
 * to whoever reads them.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { tf } from "../tf.ts";
import { isObject, isTensor } from "./tensor_likes.ts";

/**
 * Whether a value is a `tf.data.Dataset`, of this copy of TF.js or another.
 *
 * @param value Anything.
 * @returns True for what gives iterators as such a dataset does.
 */
export function isTfDataset(
  value: unknown,
): value is tf.data.Dataset<tf.TensorContainer> {
  return isObject(value) && typeof value.iterator === "function" &&
    typeof value.forEachAsync === "function";
}

/**
 * Refuses an element without tensors: numbers and plain arrays are what such a
 * dataset yields before `batch()`.
 *
 * @param element What it yielded.
 * @param action What was to be done.
 * @throws {TypeError} If there is no tensor in it.
 */
export function checkBatched(element: unknown, action: string): void {
  if (hasTensor(element)) return;
  const rule = "a tf.data.Dataset must yield tensors";
  const hint = "batch it, as by ds.batch(32)";
  throw new TypeError(cannot(action, rule, element, hint));
}

function hasTensor(element: unknown): boolean {
  return isTensor(element) ||
    (isObject(element) && !ArrayBuffer.isView(element) &&
      Object.values(element).some(hasTensor));
}

/**
 * Disposes of every tensor in an element, however deep.
 *
 * @param element What it yielded.
 */
export function disposeAll(element: unknown): void {
  if (isTensor(element)) {
    if (!element.isDisposed) element.dispose();
  } else if (isObject(element) && !ArrayBuffer.isView(element)) {
    Object.values(element).forEach(disposeAll);
  }
}
