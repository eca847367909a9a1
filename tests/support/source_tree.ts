/**
 * Rules for source files. Each is a function from files to a list of faults, so
 * that `tests/architecture_test.ts` can show that it finds faults.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** A source file. */
export interface File {
  /** Path from the root, as `lib/math/pca.ts`. */
  readonly path: string;
  readonly source: string;
}

/** What a folder of `lib` may import, by its path from `lib`. */
export type FolderTable = Readonly<Record<string, readonly string[]>>;

/** The modules at the head of `lib`, which every folder may import. */
const HEAD = ["types.ts", "errors.ts", "check.ts", "tf.ts"];

/** Files outside `lib` that a module may import, with the reason. */
const OUTSIDE: Readonly<Record<string, string>> = {
  // A registry serves modules only, so versions are read from deno.json by import.
  "lib/formats/package_file.ts": "deno.json",
  // The file of TF.js that its first use loads.
  "lib/tf.ts": "deno.json",
  // A file of features records the version that wrote it.
  "lib/store/_description.ts": "deno.json",
};

/** The most lines of code in a file; comments and empty lines do not count. */
export const MAX_CODE_LINES = 350;

const EMPTY_NAMES = /^_?(utils?|helpers?|common|base|manager|handler|misc)\b/;

/**
 * Reads every TypeScript file below a folder.
 *
 * @param folder Path from the root.
 * @returns The files, in any order.
 */
export function filesIn(folder: string): File[] {
  const entries = [...Deno.readDirSync(new URL(`${folder}/`, ROOT))];
  return entries.flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return filesIn(path);
    const isSource = name.endsWith(".ts") && !name.startsWith(".");
    return isSource ? [fileAt(path)] : [];
  });
}

/**
 * Reads one file.
 *
 * @param path Path from the root.
 * @returns The file.
 */
export function fileAt(path: string): File {
  return { path, source: Deno.readTextFileSync(new URL(path, ROOT)) };
}

/**
 * The files that a file imports: static, dynamic and type imports, re-exports,
 * and modules that it starts as workers.
 *
 * @param file The file.
 * @returns Paths from the root.
 */
export function importsOf({ path, source }: File): string[] {
  const pattern =
    /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"(\.[^"]+\.(?:ts|json)|@sonde\/sonde)"/g;
  return [...withoutComments(source).matchAll(pattern)].map(([, to]) =>
    to!.startsWith(".")
      ? new URL(to!, `file:///${path}`).pathname.slice(1)
      : "mod.ts"
  );
}

/**
 * What importing a module evaluates: its static imports and re-exports of values,
 * and theirs. Deferred and dynamic imports are not evaluated.
 *
 * @param files All files.
 * @param root The path of the module.
 * @returns Paths from the root, and specifiers of other modules.
 */
export function evaluatedBy(files: readonly File[], root: string): string[] {
  const sources = new Map(files.map(({ path, source }) => [path, source]));
  const pattern =
    /^(?:import|export)\s(?!type\b|defer\b)([^;"]*?)\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm;
  const found = new Set([root]);
  for (const path of found) { // what is added meanwhile comes too
    const source = withoutComments(sources.get(path) ?? "");
    for (const [, names = "", from, bare] of source.matchAll(pattern)) {
      if (isTypes(names)) continue;
      const to = (from ?? bare)!;
      const isOurs = to.startsWith(".");
      found.add(isOurs ? new URL(to, `file:///${path}`).pathname.slice(1) : to);
    }
  }
  return [...found];
}

/** Whether a list of imported names holds types only. */
function isTypes(names: string): boolean {
  const list = /^\{([^]*)\}\s*$/.exec(names.trim())?.[1];
  return list !== undefined &&
    list.split(",").every((name) => /^\s*(type\s|$)/.test(name));
}

/**
 * Imports that the table of folders does not allow.
 *
 * @param table The table.
 * @param file A module of `lib`.
 * @returns A line for each.
 */
export function importFaults(table: FolderTable, file: File): string[] {
  return importsOf(file)
    .filter((target) => !mayImport(table, file.path, target))
    .map((target) => `${file.path} imports ${target}`);
}

function mayImport(table: FolderTable, path: string, target: string): boolean {
  if (OUTSIDE[path] === target) return true;
  if (!target.startsWith("lib/")) return false;
  if (HEAD.some((name) => target === `lib/${name}`)) return true;
  const folder = folderOf(path);
  const to = folderOf(target);
  if (to === folder) return true;
  const isPrivate = target.slice(target.lastIndexOf("/") + 1).startsWith("_");
  return !isPrivate && rowOf(table, folder).includes(to);
}

/** A row of the table; a folder may import what its parents may. */
function rowOf(table: FolderTable, folder: string): readonly string[] {
  const end = folder.lastIndexOf("/");
  const parent = end < 0 ? [] : rowOf(table, folder.slice(0, end));
  const belowParent = end < 0 ? "" : folder.slice(0, end + 1);
  return [
    ...(table[folder] ?? []),
    // Folders that a parent may import are not inherited by its subfolders.
    ...parent.filter((name) => end < 0 || !name.startsWith(belowParent)),
  ];
}

/**
 * Folders that are missing in the table, and folders of the table that do not
 * exist.
 *
 * @param table The table.
 * @param files The modules of `lib`.
 * @returns A line for each.
 */
export function folderFaults(
  table: FolderTable,
  files: readonly File[],
): string[] {
  const folders = new Set(files.map(({ path }) => folderOf(path)));
  folders.delete("");
  const unknown = [...folders].filter((name) => !(name in table));
  const absent = Object.keys(table).filter((name) => !folders.has(name));
  return [
    ...unknown.map((name) => `lib/${name} is not in the table`),
    ...absent.map((name) => `lib/${name} is in the table, but not there`),
  ];
}

/**
 * Circles of files that import each other.
 *
 * @param files All files.
 * @returns Each circle, as the paths on it, joined by arrows.
 */
export function circles(files: readonly File[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || done.has(path)) return;
    for (const to of imports.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

/** How a test is declared: as such, or by a function that wraps one. */
const DECLARES_TEST = /^\s*(Deno\.test|test\w*|counted|onBackends)\(/m;

/**
 * Modules with code that no test covers: there is none at the mirrored path, and
 * no other file below `tests` imports the module. Files that are private to their
 * folder are covered by the tests of the files that import them.
 *
 * @param lib The modules of `lib`.
 * @param tests All files below `tests`.
 * @returns A line for each.
 */
export function untested(
  lib: readonly File[],
  tests: readonly File[],
): string[] {
  const covered = new Set(tests.flatMap(importsOf));
  for (const { path, source } of tests) {
    if (DECLARES_TEST.test(source)) covered.add(mirrorOf(path));
  }
  const isPrivate = ({ path }: File) => /\/_[^/]+$/.test(path);
  return lib.filter((file) => computes(file) && !isPrivate(file))
    .filter(({ path }) => !covered.has(path))
    .map(({ path }) => `${path} is covered by no test`);
}

/** The module that a test at the mirrored path is about. */
function mirrorOf(test: string): string {
  return test.replace(/^tests\//, "lib/").replace(/_test\.ts$/, ".ts");
}

/** Whether a module holds values, not only types. */
export function computes({ source }: File): boolean {
  return /^(export )?(default )?(async |abstract )?(function|class|const|let|enum)\b/m
    .test(source);
}

/**
 * Uses of the console.
 *
 * @param file A module of `lib`.
 * @returns A line for each.
 */
export function consoleFaults({ path, source }: File): string[] {
  if (/^lib\/(display|cli)\//.test(path)) return [];
  return linesWith(withoutComments(source), /\bconsole\s*[.[]/)
    .map((line) => `${path}:${line} uses the console`);
}

/**
 * Names without meaning, and files that are too long.
 *
 * @param file A file.
 * @returns A line for each fault.
 */
export function sizeAndNameFaults(file: File): string[] {
  const { path } = file;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const lines = numCodeLines(file);
  const faults: string[] = [];
  if (EMPTY_NAMES.test(name)) faults.push(`${path} says nothing by its name`);
  if (!/^[a-z0-9_]+\.ts$/.test(name)) {
    faults.push(`${path} is not in snake_case`);
  }
  if (lines > MAX_CODE_LINES) {
    faults.push(`${path} has ${lines} lines of code`);
  }
  return faults;
}

/** Lines of code: neither empty, nor a comment alone. */
export function numCodeLines({ source }: File): number {
  return withoutComments(source).split("\n")
    .filter((line) => line.trim() !== "").length;
}

/**
 * Marks of work left for later.
 *
 * @param file A file.
 * @returns A line for each.
 */
export function laterFaults({ path, source }: File): string[] {
  return linesWith(source, /\b(?:T[O]DO|F[I]XME|X[X]X)\b/)
    .map((line) => `${path}:${line} leaves work for later`);
}

/** Numbers of the lines, from 1, in which a pattern is found. */
function linesWith(source: string, pattern: RegExp): number[] {
  return source.split("\n")
    .flatMap((line, i) => pattern.test(line) ? [i + 1] : []);
}

/** The source with its comments blanked, line for line; strings stay. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, (text) => text.replace(/.+/g, ""))
    .replace(
      /^(.*?)\/\/.*$/gm,
      (line, code) => code.includes('"') ? line : code,
    );
}

/** The folder of `lib` that a module lies in, by its path; "" for the head. */
function folderOf(path: string): string {
  return path.split("/").slice(1, -1).join("/");
}
