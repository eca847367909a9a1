/**
 * Paths of files, and writing to them.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";

/**
 * The path of a `file:` or `http(s):` URL, decoded.
 *
 * @param url The URL.
 * @param action The action, for messages.
 * @returns The path.
 * @throws {TypeError} If it has an invalid percent escape.
 */
export function pathOfUrl(url: URL, action: string): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch (cause) {
    const rule = "the percent signs of its URL must begin escapes";
    const hint = 'write "%25" for a percent sign, or pass the path itself';
    throw new TypeError(cannot(action, rule, url.href, hint), { cause });
  }
}

/**
 * Whether a path leads into a folder.
 *
 * @param real The path, without links, as by `Deno.realPath`.
 * @param folder The folder, likewise.
 * @returns True if it is the folder, or is inside.
 */
export function isWithin(real: string, folder: string): boolean {
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  const root = folder.endsWith(separator) ? folder.slice(0, -1) : folder;
  return real === folder || real.startsWith(`${root}${separator}`);
}

/** The reason why a path cannot be read. */
export interface PathFault {
  /** The value for the message. */
  readonly found: string;
  /** What to do. */
  readonly hint?: string | undefined;
}

/** Faults that have no error class of Deno, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  ENAMETOOLONG: "File name too long",
  EIO: "Input/output error",
};

/**
 * Describes why a path cannot be read, from the error of the system. A missing
 * permission of Deno is not described, because its message has advice.
 *
 * @param cause The thrown value.
 * @param path The path.
 * @returns The description; undefined if the error is of another kind.
 */
export function pathFault(cause: unknown, path: string): PathFault | undefined {
  const { errors } = Deno;
  if (!(cause instanceof Error) || cause instanceof errors.NotCapable) {
    return undefined;
  }
  const hint = isUrlText(path)
    ? "it is a URL: download the file first"
    : /^([/\\]|[a-z]:)/i.test(path)
    ? "check the path"
    : "check the path, which starts at the current folder";
  if (
    cause instanceof errors.NotFound || cause instanceof errors.NotADirectory
  ) return { found: "nothing", hint };
  if (cause instanceof errors.IsADirectory) return { found: "a folder", hint };
  if (cause instanceof errors.FilesystemLoop) {
    return { found: "links in a circle", hint: "delete the link" };
  }
  if (cause instanceof errors.PermissionDenied) {
    const hint = "let the user of this process read it";
    return { found: "a file of another user", hint };
  }
  const { code } = cause as { readonly code?: unknown };
  if (code === "EINVAL" && path.includes("\0")) {
    return { found: "a NUL byte", hint };
  }
  // Other codes are no faults of a path, such as Z_DATA_ERROR of zlib and the
  // numbers of a DOMException.
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return { found: REASONS[code] ?? code, hint };
}

/**
 * Whether a text is a URL, as `s3://a/b`, and no path: schemes of one letter
 * are drives.
 *
 * @param text The text.
 * @returns Whether it is.
 */
export function isUrlText(text: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(text);
}

/**
 * Rewrites the error of a path that is missing or cannot be read.
 *
 * @param cause The thrown value.
 * @param path The path or `file:` URL.
 * @param action The action, for messages.
 * @param rule The rule that a missing file violates.
 * @returns An error that names the path; other errors as they are.
 */
export function missingPath(
  cause: unknown,
  path: string | URL,
  action: string,
  rule = "the file must be there",
): unknown {
  const shown = path instanceof URL ? pathOfUrl(path, action) : path;
  const fault = pathFault(cause, shown);
  if (fault === undefined) return cause;
  const { found, hint } = fault;
  if (found === "nothing") {
    const text = cannot(action, rule, shown, hint);
    return new Deno.errors.NotFound(text, { cause });
  }
  const text = cannot(
    action,
    `${quote(shown)} must be a path that can be used`,
    found,
    hint,
  );
  const { constructor } = cause as Error;
  const Kind = constructor === Error ? RangeError : constructor;
  return new (Kind as ErrorConstructor)(text, { cause });
}

/**
 * What the file system knows about a path.
 *
 * @param path The path or `file:` URL.
 * @param action The action, for messages.
 * @param rule The rule that a missing file violates.
 * @returns The facts; links are followed.
 * @throws {Deno.errors.NotFound} If there is nothing.
 */
export function statPath(
  path: string | URL,
  action: string,
  rule?: string,
): Deno.FileInfo {
  try {
    return Deno.statSync(path);
  } catch (cause) {
    throw missingPath(cause, path, action, rule);
  }
}

/**
 * Writes a file, and replaces an existing one.
 *
 * @param target Path or `file:` URL.
 * @param bytes The contents.
 * @param action The action, for messages.
 * @throws {TypeError} If the target is neither.
 * @throws {Deno.errors.NotFound} If its folder does not exist.
 * @throws {Deno.errors.IsADirectory} If it is a folder.
 */
export async function writeFile(
  target: string | URL,
  bytes: Uint8Array,
  action: string,
): Promise<void> {
  const path = checkTarget(target, action);
  try {
    await Deno.writeFile(target, bytes);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      const hint = "make it with Deno.mkdir(…, { recursive: true })";
      const text = cannot(action, "its folder must be there", path, hint);
      throw new Deno.errors.NotFound(text, { cause });
    }
    if (cause instanceof Deno.errors.IsADirectory) {
      const text = cannot(action, "its target must be a file", path);
      throw new Deno.errors.IsADirectory(text, { cause });
    }
    if (cause instanceof Deno.errors.PermissionDenied) throw cause;
    throw missingPath(cause, path, action);
  }
}

/**
 * Checks the target of a write.
 *
 * @param target The target to check.
 * @param action The action, for messages.
 * @returns The path.
 * @throws {TypeError} If it is neither a path nor a `file:` URL.
 */
export function checkTarget(target: string | URL, action: string): string {
  if (typeof target === "string" && target !== "") return target;
  if (target instanceof URL && target.protocol === "file:") {
    return pathOfUrl(target, action);
  }
  const rule = "its target must be a path or a file: URL";
  const value: unknown = target;
  throw new TypeError(
    cannot(action, rule, value instanceof URL ? value.href : value),
  );
}
