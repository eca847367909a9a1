/**
 * Runs notebooks on the Deno kernel, and writes their outputs into them.
 *
 *     deno run -A tests/support/run_notebook.ts notebooks/01_extract.ipynb …
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import { writeNotebook } from "./notebook_file.ts";
import { runNotebook } from "./notebook_runner.ts";

if (Deno.args.length === 0) {
  console.error("Which notebooks? Give the paths of one or more");
  Deno.exit(2);
}
for (const path of Deno.args) {
  const { notebook } = await runNotebook(path);
  await writeNotebook(path, notebook);
  const { size } = await Deno.stat(path);
  console.log(`${path}: ${notebook.cells.length} cells, ${size} bytes`);
}
