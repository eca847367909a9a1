/**
 * An Arrow IPC stream written to a pipe: a batch is through when the pipe took
 * all of it.
 *
 * @module
 */
import {
  type RecordBatch,
  RecordBatchStreamWriter,
  type Schema,
} from "apache-arrow";

/** Where bytes go, as `Deno.stdout`. */
export interface ByteWriter {
  /**
   * Writes some bytes.
   *
   * @param bytes The bytes.
   * @returns How many were taken.
   */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes record batches of one schema. */
export class ArrowSink {
  readonly #writer: ByteWriter;
  readonly #encoder = new ChunkEncoder({ autoDestroy: false });

  /**
   * Nothing is written yet.
   *
   * @param writer Where the stream goes.
   */
  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /**
   * Writes the schema.
   *
   * @param schema That of all batches.
   */
  async open(schema: Schema): Promise<void> {
    this.#encoder.reset(undefined, schema);
    await this.#flush();
  }

  /**
   * Writes a batch.
   *
   * @param batch The batch, of the schema that was written.
   */
  async write(batch: RecordBatch): Promise<void> {
    this.#encoder.write(batch);
    await this.#flush();
  }

  /** Writes the marker of the end. */
  async close(): Promise<void> {
    this.#encoder.finish();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    for (const chunk of joined(this.#encoder.take())) {
      for (let at = 0; at < chunk.length;) {
        at += await this.#writer.write(chunk.subarray(at));
      }
    }
  }
}

/** Keeps what would go to its queue, until it is taken. */
class ChunkEncoder extends RecordBatchStreamWriter {
  #chunks: Uint8Array[] = [];

  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    // Notes for a footer, which a stream has none of; they would only grow.
    this._recordBatchBlocks.length = 0;
    this._dictionaryBlocks.length = 0;
    return chunks;
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started && chunk.byteLength > 0) {
      const { buffer, byteOffset, byteLength } = chunk;
      this.#chunks.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
    return this;
  }
}

/** A system call for each few bytes costs more than copying them. */
const JOINED_BYTES = 2 ** 16;

function* joined(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (chunk.length < JOINED_BYTES) {
      small.push(chunk);
      continue;
    }
    yield concat(small);
    small = [];
    yield chunk;
  }
  yield concat(small);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
