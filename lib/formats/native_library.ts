/**
 * Libraries that Deno calls by its foreign function interface.
 *
 * @module
 */

/**
 * Makes the system keep a library in memory until the process ends. Deno unloads
 * what it opened: with its thread, while calls may run in other threads, and a
 * test in which it opens a library that stays open fails.
 *
 * @param url The file of the library.
 * @throws {Error} If it cannot be loaded.
 */
export function keepLoaded(url: URL): void {
  const path = decodeURIComponent(url.pathname);
  if (Deno.build.os === "windows") {
    const system = Deno.dlopen("kernel32.dll", {
      LoadLibraryW: { parameters: ["buffer"], result: "pointer" },
    });
    system.symbols.LoadLibraryW(cPath(path.slice(1).replaceAll("/", "\\")));
    system.close();
    return;
  }
  // The function of the C library is found through any library that uses it.
  const library = Deno.dlopen(url, {
    dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  });
  library.symbols.dlopen(cString(path), RTLD_NOW | RTLD_NODELETE);
  library.close();
}

/** Flags of `dlopen`. */
const RTLD_NOW = 2;
const RTLD_NODELETE = Deno.build.os === "darwin" ? 0x80 : 0x1000;

/**
 * Encodes a string of C.
 *
 * @param text The string.
 * @returns Its bytes, with a zero at the end.
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/**
 * Encodes a path: on Windows ONNX Runtime has strings of 16-bit characters.
 *
 * @param path The path.
 * @returns Its bytes, with a zero at the end.
 */
export function cPath(path: string): ArrayBufferView<ArrayBuffer> {
  if (Deno.build.os !== "windows") return cString(path);
  return Uint16Array.from(
    { length: path.length + 1 },
    (_, i) => path.charCodeAt(i), // NaN at the end becomes 0
  );
}
