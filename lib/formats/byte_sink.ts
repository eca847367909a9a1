/**
 * Files that are written incrementally.
 *
 * @module
 */

/** A file that is being written. */
export interface ByteSink {
  /** Number of bytes written. */
  readonly position: number;
  /** Appends bytes. */
  write(bytes: Uint8Array): void;
  /** Overwrites bytes, and appends the rest. */
  patch(position: number, bytes: Uint8Array): void;
  /** Reads written bytes. */
  read(position: number, into: Uint8Array): void;
}

/** A {@linkcode ByteSink} over a file. */
export interface FileSink extends ByteSink, Disposable {
  /** Flushes to disk, and closes the file. */
  finish(): void;
}

/** Smaller writes are buffered: a file of features has many columns. */
const BUFFER = 2 ** 16;

/**
 * Creates or truncates a file.
 *
 * @param path The file.
 * @returns The sink. Disposing of it closes the file.
 */
export function fileSink(path: string): FileSink {
  const file = Deno.openSync(path, {
    read: true,
    write: true,
    create: true,
    truncate: true,
  });
  const buffer = new Uint8Array(BUFFER);
  let buffered = 0;
  let flushed = 0;
  let isOpen = true;
  const flush = () => {
    writeAll(file, buffer.subarray(0, buffered));
    flushed += buffered;
    buffered = 0;
  };
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
  };
  return {
    get position() {
      return flushed + buffered;
    },
    write(bytes) {
      if (buffered + bytes.length > BUFFER) flush();
      if (bytes.length > BUFFER) {
        writeAll(file, bytes);
        flushed += bytes.length;
        return;
      }
      buffer.set(bytes, buffered);
      buffered += bytes.length;
    },
    patch(position, bytes) {
      flush();
      file.seekSync(position, Deno.SeekMode.Start);
      writeAll(file, bytes);
      flushed = Math.max(flushed, position + bytes.length);
      file.seekSync(flushed, Deno.SeekMode.Start);
    },
    read(position, into) {
      flush();
      file.seekSync(position, Deno.SeekMode.Start);
      for (let done = 0; done < into.length;) {
        done += file.readSync(into.subarray(done))!;
      }
      file.seekSync(flushed, Deno.SeekMode.Start);
    },
    finish() {
      flush();
      file.syncSync();
      close();
    },
    [Symbol.dispose]: close,
  };
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += file.writeSync(bytes.subarray(done));
  }
}
