import { packageUrl } from "../../../formats/package_file.ts";
import type { RuntimeBinding } from "./binding.ts";
import { openCBinding } from "./c_binding.ts";

/** The library; it stays open, because its threads may run until the end. */
let library: Promise<RuntimeBinding | undefined> | undefined;

/**
 * ONNX Runtime by its C API. It is opened on first use.
 *
 * @returns The binding; undefined without the permission to read pointers, which
 * `--allow-ffi` with paths is not, or if the library cannot be opened.
 */
export async function cBinding(): Promise<RuntimeBinding | undefined> {
  const { state } = await Deno.permissions.query({ name: "ffi" });
  if (state !== "granted") return undefined;
  return await (library ??= openLibrary());
}

async function openLibrary(): Promise<RuntimeBinding | undefined> {
  const file = FILES[Deno.build.os as keyof typeof FILES];
  const cpu = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  if (file === undefined) return undefined;
  try {
    const path = `/bin/napi-v6/${file[0]}/${cpu}/${file[1]}`;
    return await openCBinding(packageUrl("onnxruntime-node", path));
  } catch {
    return undefined; // such as in a compiled program; a worker loads it there
  }
}

/** Folder and name of the library. */
const FILES = {
  linux: ["linux", "libonnxruntime.so.1"],
  darwin: ["darwin", "libonnxruntime.1.dylib"],
  windows: ["win32", "onnxruntime.dll"],
} as const;
