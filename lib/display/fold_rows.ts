import type { TableBlock } from "./view.ts";

type Row = TableBlock["rows"][number];

/** Maximum number of listed things, and how many of them are the last. */
const [MOST_ROWS, LAST_ROWS] = [40, 10];

/** The rows of a table that lists things, such as layers. */
export interface FoldedRows {
  /** The rows; of more than 40, the first 30 and the last 10. */
  readonly rows: readonly Row[];
  /** Number of listed things. */
  readonly listed: number;
  /** The first one that is left out; undefined if there is none. */
  readonly next: number | undefined;
}

/**
 * Lists at most 40 things in a table; of more, the first and the last ones.
 *
 * @param count The number of things.
 * @param rowOf Makes the row of one; not called for those that are left out.
 * @returns The rows.
 */
export function foldRows(
  count: number,
  rowOf: (index: number) => Row,
): FoldedRows {
  const listed = Math.min(count, MOST_ROWS);
  const left = count - listed;
  const first = left > 0 ? MOST_ROWS - LAST_ROWS : count;
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => rowOf(from + i));
  if (left === 0) return { rows: rows(0, count), listed, next: undefined };
  return {
    rows: [
      ...rows(0, first),
      [`… ${left} more …`],
      ...rows(count - LAST_ROWS, count),
    ],
    listed,
    next: first,
  };
}
