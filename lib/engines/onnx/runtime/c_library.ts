import type { RuntimeBinding } from "./binding.ts";
import { openCBinding } from "./c_binding.ts";
import { runtimeLibrary } from "./_runtime_library.ts";

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
  try {
    const path = runtimeLibrary();
    return path && await openCBinding(path);
  } catch {
    return undefined; // such as in a compiled program; a worker loads it there
  }
}
