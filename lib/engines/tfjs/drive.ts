import type { Pacer } from "../../formats/pacer.ts";
import type { Turn } from "./backend.ts";

/**
 * Runs a generator slice by slice, and yields the thread in between.
 *
 * @param steps The generator; ended early if an error is thrown.
 * @param turn Sets the backend for each slice.
 * @param pacer Aborts it, and decides when a slice ends.
 * @returns The return value of the generator.
 */
export async function drive<R>(
  steps: Generator<void, R>,
  turn: Turn,
  pacer: Pacer,
): Promise<R> {
  try {
    while (true) {
      const step = turn.sync(() => {
        let step = steps.next();
        while (!step.done && !pacer.isDue()) step = steps.next();
        return step;
      });
      if (step.done) return step.value;
      await pacer.pause();
    }
  } catch (error) {
    steps.return(undefined as never); // frees its tensors
    throw error;
  }
}
