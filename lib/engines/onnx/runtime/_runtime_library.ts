import { packageUrl } from "../../../formats/package_file.ts";

/**
 * The library of ONNX Runtime for this system and processor.
 *
 * @returns Its file; undefined if the package has none.
 */
export function runtimeLibrary(): URL | undefined {
  const file = FILES[Deno.build.os as keyof typeof FILES];
  if (file === undefined) return undefined;
  const cpu = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  const path = `/bin/napi-v6/${file[0]}/${cpu}/${file[1]}`;
  return packageUrl("onnxruntime-node", path);
}

/** Folder and name of the library. */
const FILES = {
  linux: ["linux", "libonnxruntime.so.1"],
  darwin: ["darwin", "libonnxruntime.1.dylib"],
  windows: ["win32", "onnxruntime.dll"],
} as const;
