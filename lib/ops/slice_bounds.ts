import { cannot } from "../check.ts";
import type { SliceRange } from "./ops.ts";

/** A slice of an axis of known size. */
export interface SliceBounds {
  /** First index. */
  readonly start: number;
  /** Number of values. */
  readonly length: number;
  /** Distance between indices. */
  readonly step: number;
}

/**
 * Resolves a slice as in Python: indices beyond the ends are clipped, and the
 * result may be empty.
 *
 * @param size The size of the axis.
 * @param range The slice.
 * @returns First index, number of values, and step.
 * @throws {RangeError} If the step is not a positive integer.
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
