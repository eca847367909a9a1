/**
 * Random access to bytes: a file, an array, or a part of another source,
 * without reading it completely.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { abortError } from "../errors.ts";
import { missingPath, statPath } from "./file_path.ts";

/** Bytes with random access. */
export interface ByteSource {
  /** The file, as a path, URL or description; for messages. */
  readonly name: string;
  /** The number of bytes. */
  readonly size: number;
  /**
   * Fills an array with the bytes from a position on.
   *
   * @throws {RangeError} If they exceed the source.
   */
  read(position: number, into: Uint8Array): void;
  /** Closes the resources of the source. */
  close(): void;
}

/**
 * A source over bytes in memory. They are not copied.
 *
 * @param bytes The bytes.
 * @param name Its name, for messages.
 * @returns The source.
 */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read(position, into) {
      checkRange(this, position, into.length);
      into.set(bytes.subarray(position, position + into.length));
    },
    close() {},
  };
}

/**
 * A source over a file, which is read on demand.
 *
 * @param path The file.
 * @param action The action, for messages.
 * @returns The source; close it.
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {TypeError} If it is not a file: a pipe or a device may never end.
 */
export function fileSource(path: string | URL, action = "read"): ByteSource {
  if (!statPath(path, action).isFile) {
    throw new TypeError(cannot(action, "it must be a file", String(path)));
  }
  const file = openedAt(path, action);
  let isOpen = true;
  return {
    name: String(path),
    size: file.statSync().size,
    read(position, into) {
      checkRange(this, position, into.length);
      file.seekSync(position, Deno.SeekMode.Start);
      for (let done = 0; done < into.length;) {
        const count = file.readSync(into.subarray(done));
        if (count === null) {
          throw shorter(this.name, position + into.length, position + done);
        }
        done += count;
      }
    },
    close() {
      if (isOpen) file.close();
      isOpen = false;
    },
  };
}

function openedAt(path: string | URL, action: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (cause) {
    throw missingPath(cause, path, action);
  }
}

/**
 * Reads a whole source.
 *
 * @param source The source.
 * @returns A copy of its bytes.
 */
export function readAll(source: ByteSource): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(source.size);
  source.read(0, bytes);
  return bytes;
}

/**
 * Joins pieces of bytes.
 *
 * @param parts The pieces.
 * @returns A copy of all.
 */
export function joinBytes(
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * A source over a part of another one. Closing it has no effect.
 *
 * @param source The other source.
 * @param start Offset of the part.
 * @param size Length of the part.
 * @param name Its name, for messages.
 * @returns The part.
 * @throws {RangeError} If it exceeds the source.
 */
export function partSource(
  source: ByteSource,
  start: number,
  size: number,
  name: string,
): ByteSource {
  checkRange(source, start, size);
  return {
    name,
    size,
    read(position, into) {
      checkRange(this, position, into.length);
      source.read(start + position, into);
    },
    close() {},
  };
}

/**
 * A source over bytes or a `Blob`, which is held in memory.
 *
 * @param source The bytes.
 * @param signal Aborts the reading.
 * @returns The source; close it.
 */
export async function openBytes(
  source: Uint8Array | Blob,
  signal?: AbortSignal,
): Promise<ByteSource> {
  if (signal?.aborted) throw abortError(signal, "before reading");
  if (source instanceof Uint8Array) return bytesSource(source, "bytes");
  const name = source instanceof File ? source.name : "Blob";
  return bytesSource(await source.bytes(), name);
}

function checkRange(
  { name, size }: { readonly name: string; readonly size: number },
  start: number,
  length: number,
): void {
  const isInside = Number.isSafeInteger(start) && start >= 0 && length >= 0 &&
    start + length <= size;
  if (!isInside) throw shorter(name, start + length, size);
}

function shorter(name: string, end: number, size: number): RangeError {
  return new RangeError(
    cannot(`read "${name}"`, `it must have ${end} bytes`, size, "is it cut?"),
  );
}

/** Creates the error for bytes that violate a rule. */
export type Unreadable = (
  source: Pick<ByteSource, "name">,
  rule: string,
  value: unknown,
  hint?: string,
  cause?: unknown,
) => SyntaxError;

/**
 * The errors of one format's reader.
 *
 * @param kind What is read, as in `read KIND "NAME"`.
 * @returns A function that creates an error.
 */
export function unreadable(kind: string): Unreadable {
  return ({ name }, rule, value, hint, cause) =>
    new SyntaxError(
      cannot(`read ${kind} "${name}"`, rule, value, hint),
      cause === undefined ? undefined : { cause },
    );
}
