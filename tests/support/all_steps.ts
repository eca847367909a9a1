import type { Steps } from "../../lib/math/pacer.ts";

/**
 * Does all steps of some work at once.
 *
 * @param steps The work.
 * @returns What it gives.
 */
export function allSteps<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
