/**
 * What scoring needs besides a state, computed once for it.
 *
 * @module
 */
import type { DetectorState } from "./definition.ts";

/**
 * Remembers what was computed of a state, as long as the state is there, so that
 * scoring one sample after the other does not compute it each time.
 *
 * @param prepare Computes it.
 * @returns A function that gives it.
 */
export function prepared<T extends object>(
  prepare: (state: DetectorState) => T,
): (state: DetectorState) => T {
  const known = new WeakMap<DetectorState, T>();
  return (state) => {
    let found = known.get(state);
    if (found === undefined) known.set(state, found = prepare(state));
    return found;
  };
}
