/**
 * A clock that a test sets, so that nothing depends on the speed of a machine.
 *
 * @module
 */
import { clearImmediate, setImmediate } from "node:timers";

/** A clock that a test sets, until it is disposed of. */
export interface ManualClock extends Disposable {
  /** Lets some milliseconds pass. */
  advance(ms: number): void;
}

/**
 * Replaces `performance.now`.
 *
 * @param step Milliseconds by which each reading advances the clock.
 */
export function manualClock(step = 0): ManualClock {
  const real = performance.now;
  let now = 0;
  performance.now = () => now += step;
  return {
    advance: (ms) => void (now += ms),
    [Symbol.dispose]: () => void (performance.now = real),
  };
}

/** Calls a function in every macrotask, until it is disposed of. */
export function eachMacrotask(call: () => void): Disposable {
  const next = () => {
    call();
    handle = setImmediate(next);
  };
  let handle = setImmediate(next);
  return { [Symbol.dispose]: () => clearImmediate(handle) };
}
