import { cannot } from "../check.ts";
import type { SliceRange } from "./ops.ts";

/** A part of an axis whose size is known. */
export interface SliceBounds {
  /** First index. */
  readonly start: number;
  /** How many values. */
  readonly length: number;
  /** Distance between indices. */
  readonly step: number;
}

/**
 * A part of an axis, as Python has it: indices beyond the ends are left out, and
 * nothing may be left.
 *
 * @param size The size of the axis.
 * @param range The part.
 * @returns Its first index, how many there are, and the step.
 * @throws {RangeError} If the step is no positive integer.
 */
export function sliceBounds(size: number, range: SliceRange): SliceBounds {
  const { start = 0, stop = size, step = 1 } = range;
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(
      cannot("slice", `"step" must be a positive integer`, step),
    );
  }
  const [first, end] = [start, stop].map((index) =>
    Math.min(Math.max(index < 0 ? index + size : index, 0), size)
  );
  const length = Math.max(0, Math.ceil((end! - first!) / step));
  return { start: first!, length, step };
}
