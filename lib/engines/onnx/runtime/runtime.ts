/**
 * Loading of ONNX Runtime, and reporting of its errors.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../../errors.ts";

/**
 * Why ONNX Runtime is not available, if so.
 *
 * @param asks Whether the user may be requested a permission.
 * @returns The obstacle; undefined if it can be loaded.
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

/**
 * The first missing permission; permissions for parts of the disk count if the
 * package is there.
 */
async function missingPermission(): Promise<string | undefined> {
  const lib = new URL("../../../", import.meta.url);
  const isOnDisk = lib.protocol === "file:";
  // From a registry, package names are resolved only where they are imported.
  const runtime = isOnDisk ? import.meta.resolve("onnxruntime-node") : "";
  const ffi = runtime.startsWith("file:")
    ? { name: "ffi", path: new URL("..", runtime) } as const
    : { name: "ffi" } as const;
  if (!await isGranted(ffi)) {
    return "ONNX Runtime needs the permission --allow-ffi";
  }
  // The modules of a worker are read as files if this one is a file.
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
 * The default number of threads.
 *
 * @returns The number of processors that this process may use. The runtime's
 * default is the number of cores of the machine, which is more in most
 * containers.
 */
export function defaultThreads(): number {
  return navigator.hardwareConcurrency;
}

/**
 * Creates the error for a message of the runtime.
 *
 * @param what The action that failed.
 * @param message The message of the runtime.
 * @param cause The error, if thrown in this thread.
 * @param advice The advice, after a semicolon.
 * @returns The error to throw.
 */
export function refusedByRuntime(
  what: string,
  message: string,
  cause?: unknown,
  advice = "",
): UnsupportedByEngineError {
  const rule = `its runtime says "${message}"${advice}`;
  const error = new UnsupportedByEngineError(what, "onnx", rule);
  error.cause = cause ?? new Error(message);
  return error;
}

/**
 * Shortens the message of an error.
 *
 * @param cause The thrown value.
 * @returns Its first line, without the failed source condition.
 */
export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/^\/.* was false\. /, "");
}

/**
 * The name of some samples of a dataset in messages.
 *
 * @param first Index of the first sample.
 * @param count Number of samples.
 * @returns A string such as "samples 0 to 63".
 */
export function samplesText(first: number, count: number): string {
  return count === 1
    ? `sample ${first}`
    : `samples ${first} to ${first + count - 1}`;
}
