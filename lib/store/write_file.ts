/**
 * Files that are there whole or not at all: written under another name, and
 * renamed when the disk has them.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type ByteSink, fileSink } from "../formats/byte_sink.ts";
import type { Part } from "./part.ts";
import { parentOf, type Target } from "./target.ts";

/** What ends the name of a file that is being written. */
export const UNFINISHED = ".unfinished";

/**
 * Writes a file.
 *
 * @param path Its final name.
 * @param write Writes its bytes.
 * @param scratch Its name until then, but for the end; on the same disk.
 * @returns How many bytes it has.
 * @throws {Error} If the disk is full or the folder cannot be written; nothing
 * is left of the file.
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

/** How features are written. */
export interface FileOptions {
  /** Rows in a row group of Parquet. */
  readonly rowGroupSize?: number | undefined;
  /** The name of the file until it is whole, but for the end. */
  readonly scratch?: string | undefined;
}

/**
 * Writes parts as one file of features.
 *
 * @param path Its final name.
 * @param format Its format.
 * @param parts The parts, in order; at least one.
 * @param options The size of row groups.
 * @returns How many bytes it has.
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
 * Waits until the disk knows of a new name in a folder. Where folders cannot
 * be opened (Windows), names are kept in order by the file system.
 *
 * @param path The folder.
 */
export function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}

/** Removes what was begun; what cannot be removed is not the error to report. */
function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // It was not made, or is cleared away by the next run.
  }
}

/**
 * An error of the disk, in words that say what to do.
 *
 * @param path What was to be written.
 * @param cause The error.
 * @returns The error to throw; others as they are.
 */
export function notWritten(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.cause instanceof Error) return cause;
  const action = `write "${path}"`;
  const isFull = /ENOSPC|EDQUOT|EFBIG|os error (28|122|27)\b/.test(
    cause.message,
  );
  if (isFull) {
    const rule = "there must be room on the disk";
    const hint = "make room and call it again";
    return new RangeError(cannot(action, rule, cause.message, hint), { cause });
  }
  const isDenied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable ||
    /os error 30\b/.test(cause.message); // a file system that is only read
  if (!isDenied) return cause;
  const rule = "its folder must be one that may be written";
  const hint = "pass another target, or allow it (--allow-write)";
  return new TypeError(cannot(action, rule, cause.message, hint), { cause });
}
