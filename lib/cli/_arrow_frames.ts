/**
 * An Arrow IPC stream as bytes, message by message.
 *
 * A stream that is cut between two messages looks whole to most readers. Here it
 * must end with the end-of-stream marker, which every writer of Arrow puts when
 * it is closed, so that data of a sender that died are never taken for all.
 *
 * Source: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 *
 * @module
 */
import { Message } from "apache-arrow";
import { cannot } from "../check.ts";
import { unknownColumn } from "./_unknown_column.ts";

/** Where bytes come from, as `Deno.stdin`. */
export interface ByteReader {
  /**
   * Reads some bytes.
   *
   * @param bytes Where they go.
   * @returns How many came; null at the end.
   */
  read(bytes: Uint8Array): Promise<number | null>;
}

const ACTION = "read Arrow stream";

/** Of one message; Arrow's own buffers end there in JavaScript. */
const MOST_BYTES = 2 ** 31 - 1;
/** A schema of 10,000 columns takes 1 MB. */
const MOST_METADATA_BYTES = 2 ** 28;

/**
 * Apache Arrow's `AsyncByteStream` reads one piece more before it gives the last
 * bytes of another; with this one it does not wait for what was not sent yet.
 */
const NOTHING = new Uint8Array(0);

/**
 * Reads the messages of a stream. Nothing is read before it is requested.
 *
 * @param reader Where the stream comes from.
 * @returns The bytes of each message: its metadata with their prefix, then its
 * body. They end at the marker, which is not among them.
 * @throws {SyntaxError} If it is no stream, is cut, or changes its schema.
 * @throws {TypeError} If a column is of an unknown type, or a batch compressed.
 * @throws {RangeError} If a message is too large.
 */
export async function* arrowFrames(
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
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
    const bodyLength = checkMessage(metadata.subarray(8), index);
    yield metadata;
    yield NOTHING;
    if (bodyLength === 0) continue;
    const body = new Uint8Array(bodyLength);
    if (await fill(reader, body) < bodyLength) throw cut(index);
    yield body;
  }
}

/**
 * Waits for the end of what comes behind a stream.
 *
 * @param reader Where the stream came from.
 * @throws {SyntaxError} If more bytes come: a second stream would be lost.
 */
export async function checkEnd(reader: ByteReader): Promise<void> {
  if (await fill(reader, new Uint8Array(1)) === 0) return;
  const rule = "nothing must follow its end-of-stream marker";
  const hint = "write all batches with one writer";
  throw new SyntaxError(cannot(ACTION, rule, "more bytes", hint));
}

/** Gives the length of the body. */
function checkMessage(metadata: Uint8Array, index: number): number {
  const { message, isCompressed, unknown } = decoded(metadata, index);
  if (unknown !== undefined) {
    const { name, type, hint } = unknown;
    const rule = `column "${name}" must be of a type that Apache Arrow for ` +
      "JavaScript reads";
    throw new TypeError(cannot(ACTION, rule, type, hint));
  }
  const isSchema = message.isSchema();
  if (isSchema !== (index === 0)) {
    const rule = isSchema
      ? "a stream must have one schema"
      : "it must begin with a schema";
    const found = isSchema ? `another in message ${index}` : "a batch";
    const hint = "send batches of one schema with one writer";
    throw new SyntaxError(cannot(ACTION, rule, found, hint));
  }
  if (isCompressed) {
    const rule = "batches must not be compressed";
    const hint = "write them without, as by " +
      "pyarrow.ipc.IpcWriteOptions(compression=None)";
    throw new TypeError(cannot(ACTION, rule, `message ${index} is`, hint));
  }
  const { bodyLength } = message;
  if (bodyLength >= 0 && bodyLength <= MOST_BYTES) return bodyLength;
  const rule = `a message must be of at most ${MOST_BYTES} bytes`;
  throw new RangeError(
    cannot(ACTION, rule, bodyLength, "send batches of fewer rows"),
  );
}

function decoded(metadata: Uint8Array, index: number) {
  try {
    const message = Message.decode(metadata);
    const unknown = message.isSchema() ? unknownColumn(metadata) : undefined;
    if (unknown !== undefined) return { message, unknown, isCompressed: false };
    const header: unknown = message.header();
    const batch = message.isDictionaryBatch()
      ? message.header().data
      : header as { readonly compression?: unknown };
    return { message, unknown, isCompressed: Boolean(batch.compression) };
  } catch (cause) {
    const rule = `message ${index} must have metadata that can be read`;
    const reason = cause instanceof Error ? cause.message : cause;
    const hint = "is the stream damaged?";
    throw new SyntaxError(cannot(ACTION, rule, reason, hint), { cause });
  }
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
