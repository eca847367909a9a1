import type { Steps } from "../../lib/formats/pacer.ts";

/**
 * Runs all steps of a generator at once.
 *
 * @param steps The generator.
 * @returns Its result.
 */
export function allSteps<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
