/**
 * Runs the examples of the documentation, as `deno test --doc` does, but all in
 * the isolate of the suite `rest`: each a module that imports what it uses.
 * `deno task test:all` runs them by `--doc`.
 *
 * @module
 */
import { examplesIn } from "./doc_examples.ts";
import { fileAt, filesIn } from "./source_tree.ts";

for (const file of [fileAt("mod.ts"), ...filesIn("lib")].sort(byPath)) {
  for (const { line, code } of examplesIn(file)) {
    Deno.test(`${file.path}:${line} gives what its example says`, async () => {
      await import(`data:application/typescript,${encodeURIComponent(code)}`);
    });
  }
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1;
}
