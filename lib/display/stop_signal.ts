/**
 * The Stop button of a notebook. It sends SIGINT, which ends the kernel with
 * all its state unless someone listens; here it aborts the runs in flight.
 *
 * @module
 */

let isListening = false;
let current = new AbortController();

/**
 * Listens to the Stop button from now on. Once is enough; more does nothing.
 */
export function listenToStop(): void {
  if (isListening) return;
  Deno.addSignalListener("SIGINT", stop);
  isListening = true;
}

/**
 * The signal of the Stop button, for one operation: what begins after a stop
 * gets a new one.
 *
 * @returns The signal; undefined where nobody listens, as outside a notebook.
 */
export function stopSignal(): AbortSignal | undefined {
  return isListening ? current.signal : undefined;
}

/**
 * What stops an operation: the caller, or the Stop button.
 *
 * @param signal The caller's signal.
 * @returns The signal of both; undefined where there is none.
 */
export function withStop(signal?: AbortSignal): AbortSignal | undefined {
  const stop = stopSignal();
  if (signal === undefined || stop === undefined) return signal ?? stop;
  return AbortSignal.any([signal, stop]);
}

/**
 * Listens no more. For tests.
 */
export function forgetStop(): void {
  if (isListening) Deno.removeSignalListener("SIGINT", stop);
  isListening = false;
}

function stop(): void {
  const stopped = current;
  current = new AbortController();
  // Without a reason: the code that polls says how far the run was.
  stopped.abort();
}
