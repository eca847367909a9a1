// deno-lint-ignore-file no-process-global -- an import of node:process takes as long
/**
 * Modules of Node that synchronous functions load on first use. Each import of
 * one adds 10 to 30 ms to every start (Linux, Deno 2.9.6), and `import defer`
 * does not defer it.
 *
 * @module
 */

/** Loads `node:crypto`. */
export function nodeCrypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

/** Loads `node:zlib`. */
export function nodeZlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

/** Loads `node:url`. */
export function nodeUrl(): typeof import("node:url") {
  return process.getBuiltinModule("node:url");
}
