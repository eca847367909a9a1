/**
 * Finds table files by path patterns, and their formats.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import { byCodePoint } from "../formats/by_code_point.ts";
import { missingPath, pathOfUrl, statPath } from "../formats/file_path.ts";

const ACTION = "read table";

/**
 * Finds files. In patterns, `*`, `?` and `[…]` match within a part of a path, `**`
 * matches any folders, and `{a,b}` either.
 *
 * @param files A path, a pattern, a `file:` URL, or several.
 * @param action The action, for messages.
 * @returns Paths; those of a pattern are sorted.
 * @throws {TypeError} If an argument has the wrong type, or is a folder.
 * @throws {RangeError} If a pattern matches no file, or the array is empty.
 * @throws {Deno.errors.NotFound} If a file does not exist.
 */
export function tableFiles(
  files: string | URL | readonly string[],
  action = ACTION,
): readonly string[] {
  const list: readonly unknown[] = Array.isArray(files) ? files : [files];
  if (list.length === 0) {
    throw new RangeError(cannot(action, "there must be a file", files));
  }
  return list.flatMap((file) => {
    const path = file instanceof URL ? pathOf(file, action) : file;
    if (typeof path !== "string") {
      const rule = "files must be paths, patterns or a file: URL";
      throw new TypeError(cannot(action, rule, path));
    }
    if (!/[*?[{]/.test(path) || exists(path, action)) {
      if (statPath(path, action).isFile) return [path];
      const rule = "it must be a file";
      const hint = `for all files of a folder pass a pattern, as ${
        quote(`${path.replace(/\/+$/, "")}/**/*.parquet`)
      }`;
      throw new TypeError(cannot(action, rule, path, hint));
    }
    const found = alternatives(path).flatMap((one) => matching(one, action));
    if (found.length > 0) return [...new Set(found)].sort(byCodePoint);
    throw new RangeError(cannot(action, "a pattern must find a file", path));
  });
}

function pathOf(url: URL, action: string): string {
  if (url.protocol === "file:") return pathOfUrl(url, action);
  const rule = "its URL must be a file: URL";
  throw new TypeError(cannot(action, rule, url.href, "download it first"));
}

function exists(path: string, action: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    const isNothing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isNothing) return false;
    throw missingPath(error, path, action);
  }
}

/** Expands `{a,b}`. */
function alternatives(pattern: string): string[] {
  const match = /\{([^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + match[0].length);
  return match[1]!.split(",").flatMap((part) =>
    alternatives(before + part + after)
  );
}

function matching(pattern: string, action: string): string[] {
  const parts = pattern.split("/");
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  if (first < 0) return exists(pattern, action) ? [pattern] : [];
  const base = parts.slice(0, first).join("/");
  const found: string[] = [];
  const visit = (folder: string, at: number) => {
    const part = parts[at]!;
    const isLast = at === parts.length - 1;
    if (part === "**") visit(folder, at + 1);
    const test = part === "**" ? /^[^.]/ : partPattern(part);
    for (const { name, isDirectory, isFile } of entries(folder, base, action)) {
      if (!test.test(name)) continue;
      const path = folder === ""
        ? name
        : folder === "/"
        ? `/${name}`
        : `${folder}/${name}`;
      if (isDirectory && part === "**") visit(path, at);
      else if (isDirectory && !isLast) visit(path, at + 1);
      else if (isFile && isLast) found.push(path);
    }
  };
  visit(base === "" && pattern.startsWith("/") ? "/" : base, first);
  return found;
}

function entries(
  folder: string,
  base: string,
  action: string,
): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder === "" ? "." : folder)];
  } catch (error) {
    const isLeft = folder !== base &&
      (error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory);
    if (isLeft) return [];
    const rule = "the folder of a pattern must be there";
    throw missingPath(error, folder, action, rule);
  }
}

function partPattern(part: string): RegExp {
  const body = part.replace(/\[[^\]]+\]|[*?]|[^*?[]|\[/g, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 1) {
      return token.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    }
    return token.replace(/[.+^${}()|\\[\]]/, "\\$&");
  });
  const hidden = part.startsWith(".") ? "" : "(?!\\.)";
  return new RegExp(`^${hidden}${body}$`, "su");
}

/** Formats of tables. */
export type TableFormat = "csv" | "json" | "parquet";

/**
 * The format of some files.
 *
 * @param files The files.
 * @returns Their format.
 * @throws {TypeError} If their format is not supported, or they have several.
 */
export function tableFormat(files: readonly string[]): TableFormat {
  const formats = files.map((file) => {
    const format = formatOf(file);
    if (format !== undefined) return format;
    const rule = "a file must end in .csv, .tsv, .txt, .jsonl, .ndjson, " +
      ".json (all also with .gz) or .parquet";
    throw new TypeError(cannot(ACTION, rule, file));
  });
  const format = formats[0]!;
  const other = formats.findIndex((one) => one !== format);
  if (other < 0) return format;
  const rule = `all files must be of one format, ${format}`;
  throw new TypeError(cannot(ACTION, rule, files[other]));
}

/**
 * The format of a file, by its extension.
 *
 * @param file The file.
 * @returns Its format; undefined if it is not that of a table.
 */
export function formatOf(file: string): TableFormat | undefined {
  const name = file.replace(/\.gz$/i, "");
  if (/\.(csv|tsv|txt)$/i.test(name)) return "csv";
  if (/\.(jsonl|ndjson|json)$/i.test(name)) return "json";
  return /\.(parquet|pq)$/i.test(file) ? "parquet" : undefined;
}
