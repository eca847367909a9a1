/**
 * The Stop button of a notebook. It sends SIGINT, which ends the kernel with
 * all its state unless there is a listener; this listener aborts the runs in
 * flight.
 *
 * @module
 */

let isListening = false;
let current = new AbortController();

/**
 * Starts listening to the Stop button. Further calls do nothing.
 */
export function listenToStop(): void {
  if (isListening) return;
  Deno.addSignalListener("SIGINT", stop);
  isListening = true;
}

/**
 * The signal of the Stop button, for one operation; operations that start after
 * a stop get a new one.
 *
 * @returns The signal; undefined if there is no listener, as outside a
 * notebook.
 */
export function stopSignal(): AbortSignal | undefined {
  return isListening ? current.signal : undefined;
}

/**
 * The signal of an operation, aborted by the caller or the Stop button.
 *
 * @param signal The caller's signal.
 * @returns The signal of both; undefined if there is none.
 */
export function withStop(signal?: AbortSignal): AbortSignal | undefined {
  const stop = stopSignal();
  if (signal === undefined || stop === undefined) return signal ?? stop;
  return AbortSignal.any([signal, stop]);
}

function stop(): void {
  const stopped = current;
  current = new AbortController();
  // Without a reason, so that the error of the run says how far it was.
  stopped.abort();
}
