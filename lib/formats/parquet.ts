/**
 * Parquet files, written and read by row groups.
 *
 * DuckDB's `COPY` was measured against `parquet-wasm` with `apache-arrow`
 * (100,000 rows of 512 floats, uncompressed, on two cores): 8.4 s and 870 MB
 * of memory, since rows have to be in a table first, against 4.2 s and 290 MB;
 * and lists come out of DuckDB without their length.
 *
 * @module
 */
import type * as Arrow from "apache-arrow";
import type * as ParquetWasm from "parquet-wasm/esm";
import { cannot } from "../check.ts";
import type { ByteSink } from "./byte_sink.ts";
import type { ByteSource } from "./byte_source.ts";
import { packageFile } from "./package_file.ts";

/** The two libraries, ready. */
export interface ParquetLibraries {
  readonly arrow: typeof Arrow;
  readonly parquet: typeof ParquetWasm;
}

let libraries: Promise<ParquetLibraries> | undefined;

/**
 * Loads the libraries, the first time.
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

/** What goes into a file besides rows. */
export interface ParquetOptions {
  /** Strings that go with the rows. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Rows in a group, but for the last. */
  readonly rowGroupSize: number;
}

/**
 * Writes record batches as one Parquet file, compressed with Snappy.
 *
 * @param sink Where it goes.
 * @param batches The rows; each batch as long as a row group, but for the last.
 * @param options Strings and the size of row groups.
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
}

/** A Parquet file, opened. */
export interface ParquetReader {
  /** Its strings. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Rows of each of its row groups. */
  readonly groups: readonly number[];
  /** Reads some columns of one row group. */
  read(group: number, columns: readonly string[]): Promise<Arrow.RecordBatch>;
  /** Frees what the library holds. */
  close(): void;
}

/**
 * Opens a Parquet file. Its row groups are read when they are requested.
 *
 * @param source The file; it stays the caller's.
 * @returns The reader; close it.
 * @throws {SyntaxError} If it is no such file, or damaged.
 */
export async function openParquetFile(
  source: ByteSource,
): Promise<ParquetReader> {
  const { arrow, parquet } = await parquetLibraries();
  const file = await readable(
    source,
    () => parquet.ParquetFile.fromFile(blobOf(source, 0, source.size)),
  );
  const facts = await readable(source, () => {
    const metadata = file.metadata();
    const groups = Array.from(
      { length: metadata.numRowGroups() },
      (_, i) => metadata.rowGroup(i).numRows(),
    );
    const strings = metadata.fileMetadata().keyValueMetadata();
    return Promise.resolve({ groups, metadata: strings });
  });
  return {
    ...facts,
    async read(group, columns) {
      const batchSize = Math.max(1, facts.groups[group]!);
      const options = { rowGroups: [group], columns: [...columns], batchSize };
      const table = await readable(source, async () => {
        const rows = await file.read(options);
        return arrow.tableFromIPC(rows.intoIPCStream());
      });
      const [batch, ...rest] = table.batches;
      if (batch !== undefined && rest.length === 0) return batch;
      throw bad(source, "each row group must be read at once", rest.length);
    },
    close: () => file.free(),
  };
}

/** What the library reads of a `Blob`, over a file that is not held in memory. */
function blobOf(source: ByteSource, start: number, end: number): Blob {
  const blob = {
    size: end - start,
    slice: (from = 0, to = end - start) =>
      blobOf(source, start + from, start + to),
    arrayBuffer() {
      const bytes = new Uint8Array(end - start);
      source.read(start, bytes);
      return Promise.resolve(bytes.buffer);
    },
  };
  return blob as unknown as Blob;
}

/** Names the file in the errors of the library. */
async function readable<T>(
  source: ByteSource,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const { message } = cause instanceof Error
      ? cause
      : { message: String(cause) };
    const hint = "is it cut or damaged?";
    const error = bad(source, "it must be a Parquet file", message, hint);
    throw Object.assign(error, { cause });
  }
}

function bad(
  { name }: ByteSource,
  rule: string,
  value: unknown,
  hint?: string,
): SyntaxError {
  return new SyntaxError(cannot(`read Parquet "${name}"`, rule, value, hint));
}
