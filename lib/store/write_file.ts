/**
 * Atomic writing of files: under a temporary name, renamed when completely on
 * disk.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type ByteSink, fileSink } from "../formats/byte_sink.ts";
import type { Part } from "./part.ts";
import { parentOf, type Target } from "./target.ts";

/** Suffix of the temporary name. */
export const UNFINISHED = ".unfinished";

/**
 * Writes a file.
 *
 * @param path Its final name.
 * @param write Writes its bytes.
 * @param scratch Its temporary name, without the suffix; on the same disk.
 * @returns Its size in bytes.
 * @throws {Error} If the disk is full or the folder cannot be written; the
 * temporary file is removed.
 */
export async function writeWhole(
  path: string,
  write: (sink: ByteSink) => Promise<void> | void,
  scratch = path,
): Promise<number> {
  const unfinished = scratch + UNFINISHED;
  let size = 0;
  try {
    using sink = fileSink(unfinished);
    await write(sink);
    size = sink.position;
    sink.finish();
  } catch (error) {
    remove(unfinished);
    throw notWritten(path, error);
  }
  Deno.renameSync(unfinished, path);
  syncFolder(parentOf(path));
  return size;
}

/** Options for writing features. */
export interface FileOptions {
  /** Rows in a row group of Parquet. */
  readonly rowGroupSize?: number | undefined;
  /** The temporary name of the file, without the suffix. */
  readonly scratch?: string | undefined;
}

/**
 * Writes parts as one file of features.
 *
 * @param path Its final name.
 * @param format Its format.
 * @param parts The parts, in order; at least one.
 * @param options The size of row groups.
 * @returns Its size in bytes.
 */
export function writeFeatureFile(
  path: string,
  format: Target["format"],
  parts: readonly Part[],
  options: FileOptions = {},
): Promise<number> {
  return writeWhole(path, async (sink) => {
    if (format === "npz") {
      const { writeNpz } = await import("./_write_npz.ts");
      await writeNpz(sink, parts);
    } else if (format === "safetensors") {
      const { writeSafetensors } = await import("./_write_safetensors.ts");
      await writeSafetensors(sink, parts);
    } else {
      const { writeParquetFile } = await import("./_write_parquet.ts");
      await writeParquetFile(sink, parts, options);
    }
  }, options.scratch);
}

/**
 * Flushes a new name in a folder to disk. If folders cannot be opened
 * (Windows), the file system orders names.
 *
 * @param path The folder.
 */
export function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}

/**
 * Removes a temporary file; a failure is not reported.
 */
function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // It does not exist, or the next run removes it.
  }
}

/**
 * Rewrites an error of the disk with advice.
 *
 * @param path The file.
 * @param cause The error.
 * @returns The error to throw; other errors are unchanged.
 */
export function notWritten(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.cause instanceof Error) return cause;
  const action = `write "${path}"`;
  const { code } = cause as Error & { readonly code?: string };
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(code ?? "")) {
    const rule = "there must be room on the disk";
    const hint = "make room and call it again";
    return new RangeError(cannot(action, rule, cause.message, hint), { cause });
  }
  const isDenied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable ||
    code === "EROFS"; // a read-only file system
  if (!isDenied) return cause;
  const rule = "its folder must be one that may be written";
  const hint = "pass another target, or allow it (--allow-write)";
  return new TypeError(cannot(action, rule, cause.message, hint), { cause });
}
