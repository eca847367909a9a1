/**
 * Vectors on their way to the plane: which rows of a matrix are projected.
 *
 * @module
 */
import { cannot, shapeText, sizeOf } from "../check.ts";

/** Vectors as rows. */
export interface Rows {
  /** Values in row-major order. */
  readonly data: ArrayLike<number>;
  /** `[N, D]`, or `[N, …]`, which counts as `[N, D]`. */
  readonly shape: readonly number[];
}

/** Points in the plane. */
export interface Points {
  /** First coordinates. */
  readonly x: Float64Array;
  /** Second coordinates. */
  readonly y: Float64Array;
  /** Which row each point stands for, ascending. */
  readonly rows: Int32Array;
  /** How many rows were left out as they hold NaN or an infinity. */
  readonly skipped: number;
}

/**
 * Chooses rows for a projection: those that are finite, and of these at most
 * `most`, evenly spaced.
 *
 * @param rows The vectors.
 * @param most How many rows to choose at the most.
 * @param action What was to be done, for the message.
 * @returns The row numbers, how many rows are not finite, and the width `D`.
 * @throws {TypeError} If the shape has less than two axes or does not fit the data.
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
        shapeText(shape),
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
