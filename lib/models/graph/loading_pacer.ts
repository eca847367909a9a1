import { withStop } from "../../display/stop_signal.ts";
import { Pacer } from "../../formats/pacer.ts";

export type { Pacer };

/**
 * The pacer of loading a model, aborted by the caller or the Stop button.
 *
 * @param source The source, for the error.
 * @param signal The caller's signal.
 * @returns The pacer.
 */
export function loadingPacer(
  source: string | URL | Uint8Array | Blob,
  signal: AbortSignal | undefined,
): Pacer {
  const isBytes = source instanceof Uint8Array || source instanceof Blob;
  const where = () => `while loading ${isBytes ? "the model" : source}`;
  return new Pacer(withStop(signal), where);
}
