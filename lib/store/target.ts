/**
 * The target of features: one file, or a folder of shards.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { cannot, checkAwaited, checkOneOf } from "../check.ts";
import { missingPath } from "../formats/file_path.ts";

/**
 * A format of files of features.
 *
 * @category Files of features
 */
export type FileFormat = "npz" | "safetensors" | "parquet";

/** The target of features. */
export interface Target {
  /** The path, without a slash at its end. */
  readonly path: string;
  /** The format of the file, or of the shards. */
  readonly format: FileFormat;
  /** Whether it is a folder of shards. */
  readonly isFolder: boolean;
}

const FORMATS: readonly FileFormat[] = ["npz", "safetensors", "parquet"];
const ACTION = "write features";

/**
 * Converts a target to a path.
 *
 * @param target A path or `file:` URL.
 * @param action The action, for messages.
 * @param what Its name, for messages.
 * @returns The path.
 * @throws {TypeError} If it is not one.
 */
export function pathOf(
  target: string | URL,
  action: string,
  what = "the target",
): string {
  checkAwaited(target, action, what);
  const rule = `${what} must be a path or a file: URL`;
  if (target instanceof URL) {
    if (target.protocol === "file:") return fileURLToPath(target);
    throw new TypeError(cannot(action, rule, target.href));
  }
  const isUrl = typeof target === "string" &&
    /^[a-z][a-z\d+.-]+:\/\//i.test(target);
  if (typeof target === "string" && target.startsWith("file:")) {
    return fileURLToPath(target);
  }
  if (typeof target !== "string" || target === "" || isUrl) {
    throw new TypeError(cannot(action, rule, target));
  }
  return target;
}

/**
 * Resolves a target.
 *
 * @param target A path or `file:` URL.
 * @param format The format; default: by the extension.
 * @returns The target.
 * @throws {RangeError} If the format is unknown, or does not match the
 * extension.
 */
export function targetOf(
  target: string | URL,
  format: FileFormat | undefined,
): Target {
  const path = pathOf(target, ACTION);
  if (format !== undefined) checkOneOf(format, ACTION, "format", FORMATS);
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  const byName = FORMATS.find((name) => name === extension);
  if (byName !== undefined) {
    if (format === undefined || format === byName) {
      return { path, format: byName, isFolder: false };
    }
    const rule = `"format" must be that of the target "${path}"`;
    const hint = `leave it out, or pass a folder`;
    throw new RangeError(cannot(ACTION, rule, format, hint));
  }
  const folder = path.replace(/[/\\]+$/, "");
  if (format === "safetensors" || format === "parquet") {
    return { path: folder, format, isFolder: true };
  }
  const rule = format === undefined
    ? `the target must end in .npz, .safetensors or .parquet, or be a folder with a "format"`
    : "a folder must be of safetensors or parquet";
  const hint =
    `pass { format: "safetensors" } or { format: "parquet" } for a folder`;
  throw new RangeError(cannot(ACTION, rule, format ?? path, hint));
}

/**
 * Checks that a target does not exist, and that its parent folder does.
 *
 * @param path The path.
 * @throws {RangeError} If the target exists, or its parent does not.
 */
export function checkFree(path: string): void {
  const found = kindAt(path);
  if (found !== undefined) {
    const rule = `"${path}" must not exist yet`;
    const hint = "delete it or pass another target: nothing is overwritten";
    throw new RangeError(cannot(ACTION, rule, found, hint));
  }
  const parent = parentOf(path);
  const kind = kindAt(parent);
  if (kind === "a folder") return;
  const rule = `"${parent}" must be a folder`;
  throw new RangeError(
    cannot(ACTION, rule, kind ?? "nothing", "make the folder first"),
  );
}

/**
 * The kind of entry at a path.
 *
 * @param path The path.
 * @param action The action, for messages.
 * @returns `"a file"`, `"a folder"`, or undefined for nothing.
 */
export function kindAt(
  path: string,
  action = "write features",
): "a file" | "a folder" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "a folder" : "a file";
  } catch (error) {
    const isNothing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isNothing) return undefined;
    throw missingPath(error, path, action);
  }
}

/**
 * The parent folder of a path.
 *
 * @param path The path.
 * @returns Its folder, `"."` for a plain name.
 */
export function parentOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (end < 0) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}
