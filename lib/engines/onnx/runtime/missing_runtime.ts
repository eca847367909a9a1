import { hasIdleWorker } from "./idle_workers.ts";
import { loadInWorker } from "./open_in_worker.ts";
import { messageOf } from "./runtime.ts";

/**
 * Why ONNX Runtime is not available, if so. It is loaded in a worker, which the
 * next session takes; this thread loads it only to request a permission.
 *
 * @param asks Whether the user may be requested a permission.
 * @returns The obstacle; undefined if it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  const missing = await missingPermission();
  if (missing !== undefined && !asks) return missing;
  if (missing === undefined && hasIdleWorker()) return undefined;
  const load = () => import("onnxruntime-node");
  try {
    await (missing === undefined ? loadInWorker() : load());
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
