/**
 * A notebook's code cells as one module, so that the compiler can check them:
 * the kernel checks no types.
 *
 * @module
 */
import { joined, type Notebook } from "./notebook_file.ts";

/**
 * Joins the code cells into a module, in order, each under a comment with the
 * index of its cell.
 *
 * @param notebook The notebook.
 * @returns The module's text, with imports relative to the notebook's folder.
 */
export function liftCells(notebook: Notebook): string {
  const parts = notebook.cells.flatMap((cell, index) =>
    cell.cell_type === "code"
      ? [`// cell ${index}\n${joined(cell.source)}\n;`]
      : []
  );
  return [...parts, "export {};", ""].join("\n");
}

/**
 * Checks the types of the code cells of notebooks, in one run of the compiler.
 *
 * @param notebooks The notebooks.
 * @param folder Their folder; modules are written there, and removed again.
 * @throws {TypeError} If the compiler finds an error; the message is its own.
 */
export async function checkCells(
  notebooks: readonly Notebook[],
  folder: string,
): Promise<void> {
  const options = { dir: folder, prefix: ".cells_", suffix: ".ts" };
  const modules = await Promise.all(
    notebooks.map(() => Deno.makeTempFile(options)),
  );
  try {
    for (const [i, notebook] of notebooks.entries()) {
      await Deno.writeTextFile(modules[i]!, liftCells(notebook));
    }
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", ...modules],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdout: "null",
    }).output();
    if (!success) throw new TypeError(new TextDecoder().decode(stderr).trim());
  } finally {
    for (const module of modules) await Deno.remove(module);
  }
}
