/**
 * Data that scoring derives from a state, computed once per state.
 *
 * @module
 */
import type { DetectorState } from "./definition.ts";

/**
 * Caches data derived from a state for as long as the state exists, so that
 * scoring samples one by one does not compute it for each.
 *
 * @param prepare Derives the data.
 * @returns A function that returns the data of a state.
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
