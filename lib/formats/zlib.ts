// deno-lint-ignore-file no-process-global -- an import of node:process takes as long
/**
 * Loads `node:zlib` on first use: it takes as long as a tenth of a start, and
 * most starts read no archive.
 *
 * @returns Its functions.
 */
export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
