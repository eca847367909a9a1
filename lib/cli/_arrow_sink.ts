/**
 * Writes an Arrow IPC stream to a pipe; a batch is written when the pipe has
 * accepted all of it.
 *
 * @module
 */
import { joinBytes } from "../formats/byte_source.ts";
import {
  type RecordBatch,
  RecordBatchStreamWriter,
  type Schema,
} from "apache-arrow";

/** A writer of bytes, such as `Deno.stdout`. */
export interface ByteWriter {
  /**
   * Writes some bytes.
   *
   * @param bytes The bytes.
   * @returns The number of bytes written.
   */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes record batches of one schema. */
export class ArrowSink {
  readonly #writer: ByteWriter;
  readonly #encoder = new ChunkEncoder({ autoDestroy: false });

  /**
   * Creates the writer; nothing is written yet.
   *
   * @param writer The output stream.
   */
  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /**
   * Writes the schema.
   *
   * @param schema The schema of all batches.
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

  /** Writes the end-of-stream marker. */
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

/** Collects the output instead of queueing it. */
class ChunkEncoder extends RecordBatchStreamWriter {
  #chunks: Uint8Array[] = [];

  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    // Records for a footer, which a stream does not have; they would only grow.
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

/**
 * Joins small pieces: a system call for few bytes costs more than copying them.
 */
const JOINED_BYTES = 2 ** 16;

function* joined(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (chunk.length < JOINED_BYTES) {
      small.push(chunk);
      continue;
    }
    yield joinBytes(small);
    small = [];
    yield chunk;
  }
  yield joinBytes(small);
}
