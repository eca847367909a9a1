/**
 * Shaping: the penultimate is changed, the logits are computed from it anew,
 * and everything else stays as it is.
 *
 * A shaping says over {@linkcode Ops} what it does to `[N, D]` (clipping goes
 * with any shape `[N, …]`). One that multiplies by a factor of its own gives
 * that factor too, `[N, 1]`, so that a row in which it overflowed is reported
 * and not passed on as infinite logits.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/** A change of the penultimate. */
export interface Shaping {
  /** What it is called, as in `react`. */
  readonly name: string;
  /** Its settings, as they go into a feature set's `source`. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Whether it needs a penultimate of rank 2. */
  readonly needsVectors: boolean;
  /** Computes it. */
  apply<T>(ops: Ops<T>, penultimate: T): Shaped<T>;
}

/** What a shaping gives. */
export interface Shaped<T> {
  /** The changed penultimate, of the same shape. */
  readonly penultimate: T;
  /** The factor of each row, `[N, 1]`, where there is one. */
  readonly scale?: T;
}
