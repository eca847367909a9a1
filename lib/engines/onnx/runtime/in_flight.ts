import { runtimeLibrary } from "./_runtime_library.ts";

/** Events that Deno dispatches before the process ends. */
const ENDINGS = ["unload", "error", "unhandledrejection"] as const;

/**
 * Waits for a call of ONNX Runtime that runs in another thread.
 *
 * If the process ends meanwhile, by `Deno.exit` or an error that nobody catches,
 * the C library frees the static data of ONNX Runtime while the call uses them,
 * and the process may crash: 24 of 180 did that ended while a model was opened.
 * So they are not freed then.
 *
 * @param call The call.
 * @returns Its result.
 */
export async function inFlight<T>(call: T | PromiseLike<T>): Promise<T> {
  // Each call needs a separate function: a listener is added once only.
  const skip = ({ defaultPrevented }: { defaultPrevented: boolean }) => {
    if (!defaultPrevented) skipExitHandlers();
  };
  for (const ending of ENDINGS) addEventListener(ending, skip);
  try {
    return await call;
  } finally {
    for (const ending of ENDINGS) removeEventListener(ending, skip);
  }
}

/**
 * Lets the process exit without the exit handlers of the C library: on Linux
 * only, as the other systems have no `on_exit`.
 */
function skipExitHandlers(): void {
  if (Deno.build.os !== "linux") return;
  try {
    // Found through any library that uses the C library; the permission for
    // this one is there. The handler that is added last is called first.
    const library = Deno.dlopen(runtimeLibrary()!, {
      on_exit: { parameters: ["pointer", "pointer"], result: "i32" },
      _exit: { type: "pointer" },
    });
    library.symbols.on_exit(library.symbols._exit, null);
    library.close();
  } catch {
    // Another C library: the process ends as it would without this.
  }
}
