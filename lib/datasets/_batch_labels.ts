/**
 * Converts labels of a batch, numbers or names, to class indices.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { checkNamed, indicesOfNames } from "./class_names.ts";
import { labelsOf } from "./labels.ts";
import type { Parts } from "./parts.ts";
import { type HostArray, isTensor } from "./tensor_likes.ts";

/**
 * Converts the labels of a batch to indices; labels on a TF.js backend are
 * converted later, by {@linkcode namedLabels}.
 *
 * @param parts The batch.
 * @param action The action, for messages.
 * @param first Index of its first row in the dataset, for messages.
 * @returns The batch.
 * @throws {TypeError} If labels are names, and the classes are unknown.
 * @throws {RangeError} If a label is not a class.
 */
export function withIndices(parts: Parts, action: string, first = 0): Parts {
  const { labels, labelNames, classNames, rows } = parts;
  if (isTensor(labels)) return parts;
  if (labelNames !== undefined) {
    if (classNames === undefined) throw withoutClasses(labelNames, action);
    const labels = indicesOfNames(labelNames, classNames, action, first);
    return { ...parts, labels };
  }
  if (labels === undefined) return parts;
  const indices = labelsOf(labels, rows, action, first);
  if (classNames) checkNamed(indices, classNames, action, first);
  return { ...parts, labels: indices };
}

function withoutClasses(names: readonly string[], action: string): TypeError {
  const rule = "labels must be class indices where the classes are not known";
  const hint = "for names of classes let every batch carry classNames, all " +
    "of them in the order of their indices";
  return new TypeError(cannot(action, rule, names, hint));
}

/**
 * Class indices of labels that were read from a backend.
 *
 * @param array The labels.
 * @param parts Their batch.
 * @param action The action, for messages.
 * @param first Index of its first row in the dataset, for messages.
 * @returns The indices.
 * @throws {RangeError} If a label is not a class.
 */
export function namedLabels(
  array: HostArray,
  { classNames }: Parts,
  action: string,
  first: number,
): Int32Array {
  const labels = labelsOf(array, array.shape[0]!, action, first);
  if (classNames) checkNamed(labels, classNames, action, first);
  return labels;
}
