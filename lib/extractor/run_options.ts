import { cannot, checkAwaited, checkOptions } from "../check.ts";
import { abortError } from "../errors.ts";
import type { RunOptions } from "../types.ts";

/** The options that a run knows. */
const RUN_OPTIONS = ["signal", "onProgress", "progress"] as const;

/**
 * Checks the options of a run, before anything is made ready for it.
 *
 * @param options What came.
 * @param action What was to be done.
 * @param more Further options that go.
 * @throws {TypeError} If an option is not known, or of the wrong type.
 * @throws {DOMException} If the run is stopped already.
 */
export function checkRunOptions(
  options: RunOptions,
  action: string,
  more: readonly string[] = [],
): void {
  checkAwaited(options, action, "the options");
  checkOptions(options, action, [...RUN_OPTIONS, ...more]);
  const { signal, onProgress, progress } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      cannot(action, `"signal" must be an AbortSignal`, signal),
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(
      cannot(action, `"onProgress" must be a function`, onProgress),
    );
  }
  if (progress !== undefined && typeof progress !== "boolean") {
    throw new TypeError(
      cannot(action, `"progress" must be true or false`, progress),
    );
  }
  if (signal?.aborted) throw abortError(signal, "before it began");
}
