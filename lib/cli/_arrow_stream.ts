/**
 * An Arrow IPC stream as record batches that can be trusted: what does not fit
 * together is refused before anything reads it.
 *
 * @module
 */
import {
  type Data,
  type DataType,
  type Field,
  type RecordBatch,
  RecordBatchReader,
  type Schema,
} from "apache-arrow";
import { cannot } from "../check.ts";
import { arrowFrames, type ByteReader } from "./_arrow_frames.ts";
import { checkBatch } from "./_check_batch.ts";

/** A stream whose schema was read. */
export interface ArrowStream {
  readonly schema: Schema;
  /** Batches, in order; each is read when it is requested. */
  readonly batches: AsyncGenerator<RecordBatch>;
}

/**
 * Reads the schema of a stream.
 *
 * @param reader The input stream.
 * @returns The schema, and the batches.
 * @throws {SyntaxError} If it is no stream, is damaged or cut.
 * @throws {TypeError} If it is compressed, or has a column of an unknown type.
 */
export async function openArrowStream(
  reader: ByteReader,
): Promise<ArrowStream> {
  let failure: { readonly error: unknown } | undefined;
  async function* frames(): AsyncGenerator<Uint8Array> {
    try {
      yield* arrowFrames(reader);
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  /** What the pipe and the frames throw says what it is; other errors do not. */
  async function decoded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (failure?.error === error) throw error;
      const reason = error instanceof Error ? error.message : error;
      const rule = "its messages must be as Arrow describes them";
      const hint = "is the stream damaged?";
      const message = cannot("read Arrow stream", rule, reason, hint);
      throw new SyntaxError(message, { cause: error });
    }
  }
  const stream = await decoded(async () => {
    const opening = await RecordBatchReader.from(frames());
    await opening.open({ autoDestroy: false });
    return opening;
  });
  const { schema } = stream;
  nameFields(schema.fields);
  const dictionaries = new WeakSet<Data>();
  async function* batches(): AsyncGenerator<RecordBatch> {
    for (;;) {
      const { done, value } = await decoded(() =>
        Promise.resolve(stream.next())
      );
      // What represents a stream without batches was not sent.
      if (done || value.constructor.name.includes("Placeholder")) return;
      checkBatch(value, dictionaries);
      yield value;
    }
  }
  return { schema, batches: batches() };
}

/** A name that is empty may be left out, and is then null for Apache Arrow. */
function nameFields(fields: readonly Field[]): void {
  for (const field of fields) {
    Object.assign(field, { name: field.name ?? "" });
    nameFields(field.type.children ?? []);
    const { dictionary } = field.type as { readonly dictionary?: DataType };
    nameFields(dictionary?.children ?? []);
  }
}
