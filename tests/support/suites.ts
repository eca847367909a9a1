/**
 * The test files in a few modules, for `deno task test`.
 *
 * Deno runs each test module in a separate isolate, in which TF.js and the modules
 * of `lib` are compiled again: 0.4 s of processor time for a file that imports
 * `mod.ts`, and more if it opens a backend or starts a worker. That was more than
 * half of the time of `deno task test`. So it runs the modules of
 * `tests/support/suites`, each of which imports some test files one after another.
 * `deno task test:all` runs each file separately, so that none depends on another.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** Folders of `tests` by suite; `rest` has what is in none of them. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  whole: ["whole"],
  data: ["datasets", "store", "cli", "formats"],
  extractor: ["extractor"],
  layers: ["layers", "engines"],
  display: ["display", "features", "models", "detectors", "evaluation"],
};

/** How many modules share the files of a suite, where it is not one. */
const PARTS: Readonly<Record<string, number>> = { whole: 2 };

/** What suites there are, and their files: paths from the root, in order. */
export function suites(): Map<string, string[]> {
  const rest = testFiles("tests");
  const found = new Map<string, string[]>();
  for (const [suite, folders] of Object.entries(FOLDERS)) {
    const files = folders.flatMap((folder) => testFiles(`tests/${folder}`));
    for (const file of files) rest.splice(rest.indexOf(file), 1);
    const parts = PARTS[suite] ?? 1;
    for (let part = 0; part < parts; part++) {
      found.set(
        parts === 1 ? suite : `${suite}_${part + 1}`,
        files.filter((_, i) => i % parts === part),
      );
    }
  }
  return found.set("rest", rest);
}

/**
 * Imports the test files of a suite.
 *
 * @param module The URL of the module that runs it, which is named after it.
 */
export async function importSuite(module: string): Promise<void> {
  const name = module.slice(module.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const files = suites().get(name);
  if (files === undefined) throw new RangeError(`no suite "${name}"`);
  for (const file of files) await import(new URL(file, ROOT).href);
}

/**
 * All test files below a folder.
 *
 * @param folder A folder, from the root.
 * @returns Their paths from the root, sorted.
 */
export function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return testFiles(path);
    return entry.name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}
