/**
 * The arrays of a feature set that can be drawn, by name.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  nearestNames,
  printableMessage,
  quote,
} from "../../check.ts";
import type { FeatureArray, FeatureSet } from "../../types.ts";

/** An array of a feature set. */
export interface ShownArray {
  /** The name of its layer, `penultimate` or `logits`. */
  readonly name: string;
  /** Its name in titles, such as `layer "conv1"`. */
  readonly title: string;
  /** The array, `[N, …]`. */
  readonly array: FeatureArray;
  /** The position of the channel axis, if known. */
  readonly channels?: "first" | "last" | undefined;
}

/**
 * The arrays of a set: its features, then its penultimate and its logits.
 *
 * @param set The set.
 * @returns The arrays that it has.
 */
export function shownArrays(set: FeatureSet): ShownArray[] {
  const arrays: ShownArray[] = set.features.map((array, i) => ({
    name: set.layerNames[i]!,
    title: `layer "${set.layerNames[i]}"`,
    array,
    channels: set.specs[i]!.channels,
  }));
  for (const name of ["penultimate", "logits"] as const) {
    const array = set[name];
    if (array !== undefined) arrays.push({ name, title: name, array });
  }
  return arrays;
}

/**
 * Finds an array by name. A layer takes precedence over the array of the same
 * name.
 *
 * @param arrays The arrays.
 * @param name Its name.
 * @returns The array.
 * @throws {RangeError} If there is none of that name.
 */
export function findArray(
  arrays: readonly ShownArray[],
  name: string,
): ShownArray {
  const found = arrays.find((array) => array.name === name);
  if (found !== undefined) return found;
  const names = arrays.map((array) => array.name);
  const near = nearestNames(String(name), names);
  const hint = near.length > 0
    ? `nearest names are ${near.map(quote).join(", ")}`
    : `names are ${quote(names)}`;
  throw new RangeError(
    printableMessage(
      `Cannot find layer ${quote(name)} in the feature set: ${hint}`,
    ),
  );
}

/**
 * Whether a value is a feature set.
 *
 * @param value Anything.
 * @returns True if it has the properties of one.
 */
export function isFeatureSet(value: unknown): value is FeatureSet {
  return typeof value === "object" && value !== null &&
    "features" in value && Array.isArray(value.features) &&
    "layerNames" in value && Array.isArray(value.layerNames);
}

/**
 * Checks that a value is a feature set.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The name of the argument.
 * @throws {TypeError} If it is a promise, or not a feature set.
 */
export function checkFeatureSet(
  value: unknown,
  action: string,
  name = "its argument",
): void {
  checkAwaited(value, action, "the feature set");
  if (isFeatureSet(value)) return;
  throw new TypeError(
    cannot(action, `${name} must be a feature set`, value),
  );
}
