/**
 * Imports what its argument names, and prints how many milliseconds that took.
 *
 * @module
 */
// deno-lint-ignore-file no-console
const begin = performance.now();
await import(Deno.args[0]!);
console.log(performance.now() - begin);
