/**
 * Class names, and labels that are class names.
 *
 * @module
 */
import { cannot, checkAwaited, nearestNames, quote } from "../check.ts";
import { byCodePoint } from "../formats/by_code_point.ts";

/**
 * Checks class names.
 *
 * @param names The names to check.
 * @param action The action, for messages.
 * @param option The name of the option, for messages.
 * @returns A copy.
 * @throws {TypeError} If they are not an array of strings.
 * @throws {RangeError} If there are none, or a name is not unique.
 */
export function checkClassNames(
  names: unknown,
  action: string,
  option = "classNames",
): readonly string[] {
  checkAwaited(names, action, `"${option}"`);
  if (!Array.isArray(names)) {
    const rule = `"${option}" must be an array of strings`;
    throw new TypeError(cannot(action, rule, names));
  }
  const wrong = names.findIndex((name) => typeof name !== "string");
  if (wrong >= 0) {
    const rule = `${option}[${wrong}] must be a string`;
    throw new TypeError(cannot(action, rule, names[wrong]));
  }
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (names.length > 0 && twice === undefined) return [...names];
  const rule = `"${option}" must hold each class once`;
  throw new RangeError(cannot(action, rule, twice ?? names));
}

/**
 * The classes of labels: unique names, sorted by code point.
 *
 * @param labels One name per sample.
 * @param action The action, for messages.
 * @returns The names.
 * @throws {TypeError} If a label is not a string.
 */
export function classesOf(
  labels: readonly string[],
  action: string,
): readonly string[] {
  const wrong = labels.findIndex((label) => typeof label !== "string");
  if (wrong >= 0) throw mixed(labels[wrong], wrong, action);
  return [...new Set(labels)].sort(byCodePoint);
}

/**
 * Converts labels that are names to class indices.
 *
 * @param labels One name per sample, `[N]`.
 * @param classNames Names of the classes.
 * @param action The action, for messages.
 * @param first Index of the first row in the dataset, for messages.
 * @returns The indices, `[N]`.
 * @throws {TypeError} If a label is not a string.
 * @throws {RangeError} If a label is not a class.
 */
export function indicesOfNames(
  labels: readonly string[],
  classNames: readonly string[],
  action: string,
  first = 0,
): Int32Array {
  const indexOf = new Map(classNames.map((name, i) => [name, i]));
  return Int32Array.from(labels, (label, row) => {
    if (typeof label !== "string") throw mixed(label, first + row, action);
    const index = indexOf.get(label);
    if (index !== undefined) return index;
    const near = nearestNames(label, classNames).map(quote).join(", ");
    const hint = near === "" ? "" : `; nearest names are ${near}`;
    const rule = `every label must be one of its ${classNames.length} classes`;
    throw new RangeError(
      cannot(action, rule, label, `it is in row ${first + row}${hint}`),
    );
  });
}

/**
 * Checks that class indices have a name.
 *
 * @param labels Class indices, `[N]`.
 * @param classNames Names of the classes.
 * @param action The action, for messages.
 * @param first Index of the first row in the dataset, for messages.
 * @throws {RangeError} If one has none.
 */
export function checkNamed(
  labels: Int32Array,
  classNames: readonly string[],
  action: string,
  first = 0,
): void {
  const count = classNames.length;
  const row = labels.findIndex((label) => label < 0 || label >= count);
  if (row < 0) return;
  const rule = `every label must be from 0 to ${count - 1}, as there are ` +
    `${count} class names`;
  const hint = `it is in row ${
    first + row
  }; leave such rows out, or the labels`;
  throw new RangeError(
    cannot(action, rule, labels[row], hint),
  );
}

function mixed(label: unknown, row: number, action: string): TypeError {
  const rule = "labels must be all names or all numbers";
  return new TypeError(cannot(action, rule, label, `it is in row ${row}`));
}
