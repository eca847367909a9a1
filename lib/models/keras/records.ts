import { byCodePoint } from "../../formats/by_code_point.ts";

/**
 * Maps the values of a record.
 *
 * @param record Any record.
 * @param change Returns the new value.
 * @returns A record with the same keys.
 */
export function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value)]),
  );
}

/**
 * The keys of a record in the order in which Keras flattens it: as Python
 * compares strings, by code points.
 *
 * @param record Any record.
 * @returns Its keys, sorted.
 */
export function sortedKeys(record: Readonly<Record<string, unknown>>) {
  return Object.keys(record).sort(byCodePoint);
}
