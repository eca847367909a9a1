/**
 * Parquet files, written and read by row groups.
 *
 * DuckDB's `COPY` was measured against `parquet-wasm` with `apache-arrow`
 * (100,000 rows of 512 floats, uncompressed, on two cores): 8.4 s and 870 MB of
 * memory, because rows must be in a table first, against 4.2 s and 290 MB; and
 * DuckDB loses the fixed length of lists.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type * as Arrow from "apache-arrow";
import type * as ParquetWasm from "parquet-wasm/esm";
import type { ByteSink } from "./byte_sink.ts";
import { type ByteSource, unreadable } from "./byte_source.ts";
import { packageFile } from "./package_file.ts";
import { sealedSource, sealParquet } from "./_parquet_seal.ts";

const bad = unreadable("Parquet");

/** The two loaded libraries. */
export interface ParquetLibraries {
  readonly arrow: typeof Arrow;
  readonly parquet: typeof ParquetWasm;
}

let libraries: Promise<ParquetLibraries> | undefined;

/**
 * Loads the libraries, once.
 *
 * @returns The libraries.
 */
export function parquetLibraries(): Promise<ParquetLibraries> {
  return libraries ??= load();
}

async function load(): Promise<ParquetLibraries> {
  const arrow = await import("apache-arrow");
  const parquet = await import("parquet-wasm/esm");
  const path = "/esm/parquet_wasm_bg.wasm";
  parquet.initSync({ module: await packageFile("parquet-wasm", path) });
  return { arrow, parquet };
}

/** Options of a file. */
export interface ParquetOptions {
  /** Metadata strings. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Rows per row group, except the last. */
  readonly rowGroupSize: number;
}

/**
 * Writes record batches as one Parquet file, compressed with Snappy.
 *
 * @param sink The destination.
 * @param batches The rows; each batch as long as a row group, except the last.
 * @param options Metadata, and size of row groups.
 */
export async function writeParquet(
  sink: ByteSink,
  batches: AsyncIterable<Arrow.RecordBatch>,
  { metadata, rowGroupSize }: ParquetOptions,
): Promise<void> {
  const { arrow, parquet } = await parquetLibraries();
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    .setDictionaryEnabled(false)
    .setMaxRowGroupSize(rowGroupSize)
    .setKeyValueMetadata(new Map(Object.entries(metadata)))
    .build();
  let failure: { readonly error: unknown } | undefined;
  const iterator = batches[Symbol.asyncIterator]();
  const stream = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done) return controller.close();
        const writer = arrow.RecordBatchStreamWriter.writeAll([value]);
        const table = parquet.Table.fromIPCStream(writer.toUint8Array(true));
        for (const batch of table.recordBatches()) controller.enqueue(batch);
      } catch (error) {
        failure = { error };
        controller.close();
      }
    },
  }, { highWaterMark: 0 });
  const bytes = await parquet.transformParquetStream(stream, properties);
  for await (const piece of bytes) sink.write(piece);
  if (failure !== undefined) throw failure.error;
  sealParquet(sink);
}

/** An open Parquet file. */
export interface ParquetReader {
  /** Its metadata strings. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Number of rows of each row group. */
  readonly groups: readonly number[];
  /** Reads one row group. */
  read(group: number): Promise<Arrow.RecordBatch>;
  /** Frees the resources of the library. */
  close(): void;
}

/**
 * Opens a Parquet file. Row groups are read on demand.
 *
 * @param file The file, written by {@linkcode writeParquet}; owned by the
 * caller.
 * @returns The reader; close it.
 * @throws {SyntaxError} If it is not such a file, or damaged.
 */
export async function openParquetFile(
  file: ByteSource,
): Promise<ParquetReader> {
  const source = sealedSource(file);
  const fault = Promise.withResolvers<never>();
  fault.promise.catch(() => {}); // reported to the reader
  const bytes: Readable = { source, fault, isTrapped: false };
  const { arrow, parquet } = await parquetLibraries();
  const opened = await readable(
    bytes,
    () => parquet.ParquetFile.fromFile(blobOf(bytes, 0, source.size)),
  );
  const facts = await readable(bytes, () => {
    const metadata = opened.metadata();
    const groups = Array.from(
      { length: metadata.numRowGroups() },
      (_, i) => metadata.rowGroup(i).numRows(),
    );
    const strings = metadata.fileMetadata().keyValueMetadata();
    return Promise.resolve({ groups, metadata: strings });
  });
  return {
    ...facts,
    async read(group) {
      const batchSize = Math.max(1, facts.groups[group]!);
      const options = { rowGroups: [group], batchSize };
      const table = await readable(bytes, async () => {
        const rows = await opened.read(options);
        return arrow.tableFromIPC(rows.intoIPCStream());
      });
      const [batch, ...rest] = table.batches;
      if (batch !== undefined && rest.length === 0) return batch;
      throw bad(source, "each row group must be read at once", rest.length);
    },
    close() {
      if (!bytes.isTrapped) opened.free(); // the library still borrows it then
    },
  };
}

/** A range of a file for the library, and its read error. */
interface Readable {
  readonly source: ByteSource;
  /** Rejects if bytes cannot be read or do not match their checksum. */
  readonly fault: PromiseWithResolvers<never>;
  /** Whether its bytes have stopped the library. */
  isTrapped: boolean;
}

/**
 * The used part of `Blob`, over a file that is not held in memory. The library
 * would crash the process on a read error, so such reads never resolve, and the
 * error is reported separately.
 */
function blobOf(
  { source, fault }: Pick<Readable, "source" | "fault">,
  start: number,
  end: number,
): Blob {
  const blob = {
    size: end - start,
    slice: (from = 0, to = end - start) =>
      blobOf({ source, fault }, start + from, start + to),
    async arrayBuffer() {
      const bytes = new Uint8Array(end - start);
      try {
        source.read(start, bytes);
      } catch (error) {
        fault.reject(error);
        await new Promise(() => {});
      }
      return bytes.buffer;
    },
  };
  return blob as unknown as Blob;
}

/** The memory of the library is exhausted beyond this; its limit is 4 GiB. */
const FULL_BYTES = 3.5 * 2 ** 30;

function exhausted({ name }: ByteSource, bytes: number, cause: unknown) {
  const rule = "its row groups must fit the memory of the reader, 4 GiB";
  const hint =
    "save the features with a smaller rowGroupSize, in a new process";
  const text = cannot(`read "${name}"`, rule, `${bytes} bytes in use`, hint);
  return new RangeError(text, { cause });
}

/** Adds the file's name to errors of the library. */
async function readable<T>(
  bytes: Readable,
  read: () => Promise<T>,
): Promise<T> {
  const trap = Promise.withResolvers<never>();
  // If damaged bytes stop the library, it throws in a separate microtask: no
  // promise would be rejected, and the process would end.
  const onError = (event: ErrorEvent) => {
    if (!(event.error instanceof WebAssembly.RuntimeError)) return;
    event.preventDefault();
    bytes.isTrapped = true;
    trap.reject(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    return await Promise.race([read(), bytes.fault.promise, trap.promise]);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    bytes.isTrapped ||= cause instanceof WebAssembly.RuntimeError;
    const { parquet } = await parquetLibraries();
    const { byteLength } = parquet.wasmMemory().buffer;
    if (bytes.isTrapped && byteLength > FULL_BYTES) {
      throw exhausted(bytes.source, byteLength, cause);
    }
    const found = bytes.isTrapped
      ? "bytes that stop the reader"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    const hint = "is it cut or damaged?";
    const rule = "it must be a Parquet file";
    throw Object.assign(bad(bytes.source, rule, found, hint), { cause });
  } finally {
    globalThis.removeEventListener("error", onError);
  }
}
