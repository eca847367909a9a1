/**
 * Selects evenly spaced rows, including the first and the last.
 *
 * @param count The number of rows.
 * @param most Maximum number of rows to select.
 * @returns Their indices, ascending; all if there are at most `most`.
 */
export function evenly(count: number, most: number): number[] {
  const length = Math.min(count, Math.ceil(most));
  const last = Math.max(1, length - 1);
  return Array.from({ length }, (_, k) => Math.round(k * (count - 1) / last));
}
