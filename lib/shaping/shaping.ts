/**
 * Shaping changes the penultimate and computes the logits from it; everything
 * else is unchanged.
 *
 * A shaping is a function over {@linkcode Ops} of a penultimate `[N, D]`
 * (clipping accepts any shape `[N, …]`). If it multiplies each row by a factor,
 * it also returns the factors, `[N, 1]`, so that an overflow is reported
 * instead of giving infinite logits.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";

/** A change of the penultimate. */
export interface Shaping {
  /** Its name, such as `react`. */
  readonly name: string;
  /** Its settings, as in a feature set's `source`. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Whether it needs a penultimate of rank 2. */
  readonly needsVectors: boolean;
  /** Computes it. */
  apply<T>(ops: Ops<T>, penultimate: T): Shaped<T>;
}

/** The result of a shaping. */
export interface Shaped<T> {
  /** The changed penultimate, of the same shape. */
  readonly penultimate: T;
  /** The factor of each row, `[N, 1]`, if any. */
  readonly scale?: T;
}
