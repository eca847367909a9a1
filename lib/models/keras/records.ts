/**
 * A record with other values.
 *
 * @param record Any record.
 * @param change Gives the new value of an old one.
 * @returns A record of the same keys.
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

/** As Python compares text. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return left[at]!.codePointAt(0)! - (right[at]?.codePointAt(0) ?? -1);
}
