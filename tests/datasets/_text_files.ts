/**
 * Files of text for tests of tables.
 *
 * @module
 */

/** DuckDB infers types from 20,480 rows. */
export const MANY = 20_500;

/** Runs over a folder of files. */
export async function withFiles(
  files: Readonly<Record<string, string>>,
  test: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      const at = name.lastIndexOf("/");
      if (at > 0) {
        await Deno.mkdir(`${folder}/${name.slice(0, at)}`, { recursive: true });
      }
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await test((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Many lines. */
export const lines = (line: (row: number) => string): string =>
  Array.from({ length: MANY }, (_, row) => `${line(row)}\n`).join("");
/** A number that is not whole in the last rows alone. */
export const late = (row: number): number => row < MANY - 2 ? 1 : 2.5;
