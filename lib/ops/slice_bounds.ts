import { cannot } from "../check.ts";
import type { SliceRange } from "./ops.ts";

/** A part of an axis whose size is known. */
export interface SliceBounds {
  /** First place. */
  readonly start: number;
  /** How many places. */
  readonly length: number;
  /** From place to place. */
  readonly step: number;
}

/**
 * A part of an axis, as Python has it: places beyond the ends are left out, and
 * nothing may be left.
 *
 * @param size How many places the axis has.
 * @param range The part.
 * @returns Its first place, how many there are, and the step.
 * @throws {RangeError} If the step is no positive integer.
 */
export function sliceBounds(size: number, range: SliceRange): SliceBounds {
  const { start = 0, stop = size, step = 1 } = range;
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(
      cannot("slice", `"step" must be a positive integer`, step),
    );
  }
  const [first, end] = [start, stop].map((place) =>
    Math.min(Math.max(place < 0 ? place + size : place, 0), size)
  );
  const length = Math.max(0, Math.ceil((end! - first!) / step));
  return { start: first!, length, step };
}
