/**
 * Reads an Arrow IPC stream as record batches. Every message is validated before
 * its values are read.
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

/** An open stream. */
export interface ArrowStream {
  readonly schema: Schema;
  /** The batches, in order, read on demand. */
  readonly batches: AsyncGenerator<RecordBatch>;
}

/**
 * Reads the schema of a stream.
 *
 * @param reader The input stream.
 * @returns The schema, and the batches.
 * @throws {SyntaxError} If it is not a stream, is damaged or truncated.
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
  /** Wraps errors of the Arrow library; others have a message of their own. */
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
      // The library adds an empty batch to a stream without batches.
      if (done || value.constructor.name.includes("Placeholder")) return;
      checkBatch(value, dictionaries);
      yield value;
    }
  }
  return { schema, batches: batches() };
}

/** Replaces missing names by "": writers may omit an empty name. */
function nameFields(fields: readonly Field[]): void {
  for (const field of fields) {
    Object.assign(field, { name: field.name ?? "" });
    nameFields(field.type.children ?? []);
    const { dictionary } = field.type as { readonly dictionary?: DataType };
    nameFields(dictionary?.children ?? []);
  }
}
