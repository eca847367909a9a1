/**
 * Reads an Arrow IPC stream as bytes, message by message.
 *
 * Most readers accept a stream that is truncated between two messages. Here it
 * must end with the end-of-stream marker, which every Arrow writer writes when
 * it is closed, so that the data of a crashed sender is not mistaken for
 * complete.
 *
 * Source: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 *
 * @module
 */
import type { Schema } from "apache-arrow";
import { cannot } from "../check.ts";
import { checkMessage } from "./_check_message.ts";

/** A reader of bytes, such as `Deno.stdin`. */
export interface ByteReader {
  /**
   * Reads some bytes.
   *
   * @param bytes The destination.
   * @returns The number of bytes read; null at the end.
   */
  read(bytes: Uint8Array): Promise<number | null>;
}

const ACTION = "read Arrow stream";

/** A schema of 10,000 columns takes 1 MB. */
const MOST_METADATA_BYTES = 2 ** 28;

/**
 * Apache Arrow's `AsyncByteStream` reads one more piece before it returns the
 * last bytes of the previous one; with this reader it does not wait for data
 * that was not sent yet.
 */
const NOTHING = new Uint8Array(0);

/**
 * Reads the messages of a stream, on demand.
 *
 * @param reader The input stream.
 * @returns The bytes of each message: its metadata with their prefix, then its
 * body. They end at the marker, which is not included.
 * @throws {SyntaxError} If it is not a stream, is truncated, changes its
 * schema, or announces counts that do not fit its bytes.
 * @throws {TypeError} If a column is of an unknown type, or a batch compressed.
 * @throws {RangeError} If a message is too large.
 */
export async function* arrowFrames(
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
  let schema: Schema | undefined;
  for (let index = 0;; index++) {
    const prefix = new Uint8Array(8);
    const came = await fill(reader, prefix);
    if (came === 0 && index === 0) {
      const hint = "send a schema before the end, or start no worker for " +
        "a partition without data";
      throw new SyntaxError(
        cannot(ACTION, "it must begin with a schema", "0 bytes", hint),
      );
    }
    if (came < 8) throw cut(index);
    const view = new DataView(prefix.buffer);
    const size = view.getInt32(4, true);
    if (view.getInt32(0, true) !== -1) {
      const rule = "each message must begin with ff ff ff ff";
      const hint = "send the stream format of Arrow 0.15 or later, as " +
        "pyarrow.ipc.new_stream writes it; a file of Arrow, Parquet or text " +
        "is none";
      throw new SyntaxError(cannot(ACTION, rule, [...prefix], hint));
    }
    if (size === 0) return;
    if (size < 0 || size > MOST_METADATA_BYTES) {
      const rule = `metadata must be of at most ${MOST_METADATA_BYTES} bytes`;
      throw new RangeError(cannot(ACTION, rule, size));
    }
    const metadata = new Uint8Array(8 + size);
    metadata.set(prefix);
    if (await fill(reader, metadata.subarray(8)) < size) throw cut(index);
    const message = checkMessage(metadata.subarray(8), index, schema);
    schema = message.schema;
    yield metadata;
    yield NOTHING;
    const { bodyLength } = message;
    if (bodyLength === 0) continue;
    const body = new Uint8Array(bodyLength);
    if (await fill(reader, body) < bodyLength) throw cut(index);
    message.checkBody(body);
    yield body;
  }
}

/**
 * Waits for the end of input after a stream.
 *
 * @param reader The stream.
 * @throws {SyntaxError} If there are more bytes: a second stream would be
 * ignored.
 */
export async function checkEnd(reader: ByteReader): Promise<void> {
  if (await fill(reader, new Uint8Array(1)) === 0) return;
  const rule = "nothing must follow its end-of-stream marker";
  const hint = "write all batches with one writer";
  throw new SyntaxError(cannot(ACTION, rule, "more bytes", hint));
}

function cut(index: number): SyntaxError {
  const rule = "it must end with an end-of-stream marker";
  const found = `cut in message ${index}`;
  const hint = "did the sender stop? close its writer before its pipe";
  return new SyntaxError(cannot(ACTION, rule, found, hint));
}

async function fill(reader: ByteReader, bytes: Uint8Array): Promise<number> {
  let at = 0;
  while (at < bytes.length) {
    const count = await reader.read(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return at;
}
