/**
 * A notebook's code cells as one module, so that the compiler can check them:
 * the kernel checks no types.
 *
 * @module
 */
import { joined, type Notebook } from "./notebook_file.ts";

/**
 * Lifts the code cells into a module, in order, each under a comment that says
 * which cell it was.
 *
 * @param notebook The notebook.
 * @returns The module's text. Its relative imports hold in the notebook's folder.
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
 * Checks the types of a notebook's code cells.
 *
 * @param notebook The notebook.
 * @param folder Its folder; a module is written there, and removed again.
 * @throws {TypeError} If the compiler finds an error; the message is its own.
 */
export async function checkCells(
  notebook: Notebook,
  folder: string,
): Promise<void> {
  const module = await Deno.makeTempFile({
    dir: folder,
    prefix: ".cells_",
    suffix: ".ts",
  });
  try {
    await Deno.writeTextFile(module, liftCells(notebook));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", module],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdout: "null",
    }).output();
    if (!success) throw new TypeError(new TextDecoder().decode(stderr).trim());
  } finally {
    await Deno.remove(module);
  }
}
