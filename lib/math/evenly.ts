/**
 * Selects some of many rows, evenly spaced; the first and the last are among
 * them.
 *
 * @param count How many rows there are.
 * @param most How many to select.
 * @returns Their numbers, ascending; all where there are no more.
 */
export function evenly(count: number, most: number): number[] {
  const length = Math.min(count, Math.ceil(most));
  const last = Math.max(1, length - 1);
  return Array.from({ length }, (_, k) => Math.round(k * (count - 1) / last));
}
