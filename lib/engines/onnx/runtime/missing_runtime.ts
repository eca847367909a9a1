import { cBinding } from "./c_library.ts";
import { messageOf } from "./runtime.ts";

/**
 * Why ONNX Runtime is not available, if so. It is loaded as the next session
 * will use it: in this process, or in a worker. This thread loads its package
 * for Node only to request a permission.
 *
 * @param asks Whether the user may be requested a permission.
 * @returns The obstacle; undefined if it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  if (await cBinding() !== undefined) return undefined;
  const missing = await missingPermission();
  if (missing !== undefined && !asks) return missing;
  try {
    await (missing === undefined ? loadInWorker() : import("onnxruntime-node"));
  } catch (cause) {
    return `ONNX Runtime cannot be loaded: ${messageOf(cause)}`;
  }
}

/** Loads ONNX Runtime in a worker, which the next session uses. */
async function loadInWorker(): Promise<void> {
  const { hasIdleWorker } = await import("./idle_workers.ts");
  if (hasIdleWorker()) return;
  const { WorkerLink } = await import("./worker_link.ts");
  const obstacle = await new WorkerLink().close();
  if (obstacle !== undefined) throw new Error(obstacle);
}

/**
 * The first permission that is missing to use ONNX Runtime in a worker;
 * permissions for parts of the disk count if the package is there.
 *
 * @returns A sentence that names it; undefined if none is missing.
 */
export async function missingPermission(): Promise<string | undefined> {
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
