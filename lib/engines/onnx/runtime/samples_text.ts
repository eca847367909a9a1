/**
 * What some samples of a dataset are called in messages.
 *
 * @param first The number of the first.
 * @param count How many they are.
 * @returns The text, as "samples 0 to 63".
 */
export function samplesText(first: number, count: number): string {
  return count === 1
    ? `sample ${first}`
    : `samples ${first} to ${first + count - 1}`;
}
