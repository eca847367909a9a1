/**
 * Selects the rows of a matrix to project.
 *
 * @module
 */
import { cannot, sizeOf } from "../check.ts";

/** Vectors as rows. */
export interface Rows {
  /** Values in row-major order. */
  readonly data: ArrayLike<number>;
  /** `[N, D]`, or `[N, …]`, which counts as `[N, D]`. */
  readonly shape: readonly number[];
}

/** Projected points. */
export interface Points {
  /** First coordinates. */
  readonly x: Float64Array;
  /** Second coordinates. */
  readonly y: Float64Array;
  /** The row index of each point, ascending. */
  readonly rows: Int32Array;
  /** Number of rows left out because they contain NaN or an infinity. */
  readonly skipped: number;
}

/**
 * Selects the rows for a projection: at most `most` finite rows, evenly spaced.
 *
 * @param rows The vectors.
 * @param most Maximum number of rows.
 * @param action The action, for messages.
 * @returns The row indices, the number of rows that are not finite, and the
 * width `D`.
 * @throws {TypeError} If the shape has fewer than two axes or does not fit the data.
 */
export function chooseRows(
  rows: Rows,
  most: number,
  action: string,
): { chosen: Int32Array; skipped: number; width: number } {
  const { data, shape } = rows;
  if (shape.length < 2 || sizeOf(shape) !== data.length) {
    throw new TypeError(
      cannot(
        action,
        `shape must be [N, D] with N · D = ${data.length}`,
        shape,
      ),
    );
  }
  const count = shape[0]!;
  const width = sizeOf(shape.slice(1));
  const finite: number[] = [];
  for (let row = 0; row < count; row++) {
    if (isFiniteRow(data, row * width, width)) finite.push(row);
  }
  const length = Math.min(most, finite.length);
  const chosen = Int32Array.from(
    { length },
    (_, i) => finite[Math.floor(i * finite.length / length)]!,
  );
  return { chosen, skipped: count - finite.length, width };
}

function isFiniteRow(
  data: ArrayLike<number>,
  start: number,
  width: number,
): boolean {
  for (let i = start; i < start + width; i++) {
    if (!Number.isFinite(data[i])) return false;
  }
  return true;
}
