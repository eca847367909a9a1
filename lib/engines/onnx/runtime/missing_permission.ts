/**
 * The first missing permission of those that ONNX Runtime and its worker need;
 * permissions for parts of the disk count if the package is there.
 *
 * @returns What is missing; undefined if nothing is.
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
