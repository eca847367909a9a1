/**
 * ONNX Runtime: whether it can be loaded, and how its errors are reported.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../../errors.ts";

/**
 * Why ONNX Runtime is not available here, if it cannot.
 *
 * @param asks Whether the user may be requested a permission.
 * @returns What is in the way; undefined if it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  if (!asks) {
    const missing = await missingPermission();
    if (missing !== undefined) return missing;
  }
  try {
    await import("onnxruntime-node");
  } catch (cause) {
    return `ONNX Runtime cannot be loaded: ${messageOf(cause)}`;
  }
}

/** The first permission that is not there; those for parts of the disk count where ours lie. */
async function missingPermission(): Promise<string | undefined> {
  const lib = new URL("../../../", import.meta.url);
  const isOnDisk = lib.protocol === "file:";
  // From a registry, names of packages are resolved where they are imported only.
  const runtime = isOnDisk ? import.meta.resolve("onnxruntime-node") : "";
  const ffi = runtime.startsWith("file:")
    ? { name: "ffi", path: new URL("..", runtime) } as const
    : { name: "ffi" } as const;
  if (!await isGranted(ffi)) {
    return "ONNX Runtime needs the permission --allow-ffi";
  }
  // A worker's modules are read as files where ours are files.
  if (!isOnDisk) return undefined;
  if (await isGranted({ name: "read", path: lib })) return undefined;
  const folder = decodeURIComponent(lib.pathname);
  return `the thread of ONNX Runtime needs the permission --allow-read=${folder}`;
}

async function isGranted(
  permission: Deno.FfiPermissionDescriptor | Deno.ReadPermissionDescriptor,
): Promise<boolean> {
  return (await Deno.permissions.query(permission)).state === "granted";
}

/**
 * How many threads compute, unless it is said.
 *
 * @returns As many as this process may use at once. The runtime's own choice
 * is the machine's cores, which are more in most containers.
 */
export function defaultThreads(): number {
  return navigator.hardwareConcurrency;
}

/**
 * The error for what the runtime says.
 *
 * @param what What was to be done.
 * @param said What it says.
 * @param cause The error, if it came in this thread.
 * @param advice What to do, with a semicolon before it.
 * @returns The error, to be thrown.
 */
export function refusedByRuntime(
  what: string,
  said: string,
  cause?: unknown,
  advice = "",
): UnsupportedByEngineError {
  const rule = `its runtime says "${said}"${advice}`;
  const error = new UnsupportedByEngineError(what, "onnx", rule);
  error.cause = cause ?? new Error(said);
  return error;
}

/**
 * The part of an error that is worth a message.
 *
 * @param cause What was thrown.
 * @returns Its first line, without the condition in the source that failed.
 */
export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/^\/.* was false\. /, "");
}

/**
 * What some samples of a dataset are called in messages.
 *
 * @param first The number of the first.
 * @param count How many they are.
 * @returns The text, as "samples 0 to 63".
 */
export function samplesText(first: number, count: number): string {
  return count === 1
    ? `sample ${first}`
    : `samples ${first} to ${first + count - 1}`;
}
