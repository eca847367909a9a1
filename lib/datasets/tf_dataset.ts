/**
 * Support of `tf.data.Dataset`, whose reader owns the tensors that it yields.
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
 * @returns True for objects with the methods of such a dataset.
 */
export function isTfDataset(
  value: unknown,
): value is tf.data.Dataset<tf.TensorContainer> {
  return isObject(value) && typeof value.iterator === "function" &&
    typeof value.forEachAsync === "function";
}

/**
 * Refuses an element without tensors: before `batch()`, such a dataset yields
 * numbers and plain arrays.
 *
 * @param element The element.
 * @param action The action, for messages.
 * @throws {TypeError} If it contains no tensor.
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
 * Disposes of every tensor in an element, at any depth.
 *
 * @param element The element.
 */
export function disposeAll(element: unknown): void {
  if (isTensor(element)) {
    if (!element.isDisposed) element.dispose();
  } else if (isObject(element) && !ArrayBuffer.isView(element)) {
    Object.values(element).forEach(disposeAll);
  }
}
