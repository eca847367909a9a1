import type { Pacer } from "../../formats/pacer.ts";
import type { Turn } from "./backend.ts";

/**
 * Drives a generator slice by slice; the thread is given back in between.
 *
 * @param steps The generator; ended early, where something throws.
 * @param turn The backend, for each slice.
 * @param pacer Stops it, and says when a slice has lasted long enough.
 * @returns What the generator returns.
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
    steps.return(undefined as never); // frees what it holds
    throw error;
  }
}
