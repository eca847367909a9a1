/**
 * Validates the messages of an Arrow stream: the metadata are compared with
 * their bytes before they are decoded.
 *
 * @module
 */
import { Message, MetadataVersion, type Schema } from "apache-arrow";
import { cannot } from "../check.ts";
import { MESSAGE } from "./_arrow_tables.ts";
import { type BatchHeader, checkLayout } from "./_check_layout.ts";
import { checkTypes } from "./_column_types.ts";
import { checkTables } from "./_flat_tables.ts";
import { isBigEndian, unknownColumn } from "./_raw_schema.ts";

const ACTION = "read Arrow stream";
const DAMAGED = "is the stream damaged?";

/** Maximum size of a message, the limit of Arrow's buffers in JavaScript. */
const MOST_BYTES = 2 ** 31 - 1;

/** A validated message. */
export interface CheckedMessage {
  /** The schema of the stream. */
  readonly schema: Schema;
  /** Length of the body that follows, in bytes. */
  readonly bodyLength: number;
  /** Checks the body. */
  readonly checkBody: (body: Uint8Array) => void;
}

/**
 * Checks the metadata of a message.
 *
 * @param metadata The bytes, without their prefix.
 * @param index Its index in the stream, for messages.
 * @param before The schema; undefined for the first message, which contains it.
 * @returns The length of its body, and a function that checks it.
 * @throws {SyntaxError} If its counts or offsets do not match its bytes or its
 * schema, or its version is not supported.
 * @throws {TypeError} If a column has an unknown type, values are big-endian, or
 * a batch is compressed.
 * @throws {RangeError} If the body is too large.
 */
export function checkMessage(
  metadata: Uint8Array,
  index: number,
  before: Schema | undefined,
): CheckedMessage {
  const message = readable(index, () => {
    checkTables(metadata, MESSAGE);
    return Message.decode(metadata);
  });
  const isSchema = message.isSchema();
  if (isSchema !== (before === undefined)) {
    const rule = isSchema
      ? "a stream must have one schema"
      : "it must begin with a schema";
    const found = isSchema ? `another in message ${index}` : "a batch";
    const hint = "send batches of one schema with one writer";
    throw new SyntaxError(cannot(ACTION, rule, found, hint));
  }
  checkVersion(message);
  if (isSchema) checkKnown(metadata);
  const header: unknown = readable(index, () => message.header());
  if (before !== undefined) return checkBatch(message, header, index, before);
  const schema = header as Schema;
  checkTypes(schema);
  if (message.bodyLength !== 0) {
    const rule = "the message of the schema must have no body";
    const found = `${message.bodyLength} bytes`;
    throw new SyntaxError(cannot(ACTION, rule, found, DAMAGED));
  }
  return { schema, bodyLength: 0, checkBody() {} };
}

/** Before version 4, nodes and buffers had another layout. */
function checkVersion({ version }: Message): void {
  if (version === MetadataVersion.V4 || version === MetadataVersion.V5) return;
  const rule = "messages must be of version 4 or 5 of Arrow's metadata";
  const hint = "write them by Arrow 0.8 or later";
  const found = MetadataVersion[version] ?? version;
  throw new SyntaxError(cannot(ACTION, rule, found, hint));
}

function checkKnown(metadata: Uint8Array): void {
  if (isBigEndian(metadata)) {
    const rule = "values must be little-endian";
    const hint = "write the stream on another machine, or swap bytes there";
    throw new TypeError(cannot(ACTION, rule, "big-endian", hint));
  }
  const unknown = unknownColumn(metadata);
  if (unknown === undefined) return;
  const { name, type, hint } = unknown;
  const rule = `column "${name}" must be of a type that Apache Arrow for ` +
    "JavaScript reads";
  throw new TypeError(cannot(ACTION, rule, type, hint));
}

function checkBatch(
  message: Message,
  header: unknown,
  index: number,
  schema: Schema,
): CheckedMessage {
  const { bodyLength } = message;
  const dictionary = message.isDictionaryBatch()
    ? header as { readonly id: number; readonly data: BatchHeader }
    : undefined;
  const batch = dictionary?.data ?? header as BatchHeader;
  if (batch.compression) {
    const rule = "batches must not be compressed";
    const hint = "write them without, as by " +
      "pyarrow.ipc.IpcWriteOptions(compression=None)";
    throw new TypeError(cannot(ACTION, rule, `message ${index} is`, hint));
  }
  if (!(bodyLength >= 0 && bodyLength <= MOST_BYTES)) {
    const rule = `a message must be of at most ${MOST_BYTES} bytes`;
    throw new RangeError(
      cannot(ACTION, rule, bodyLength, "send batches of fewer rows"),
    );
  }
  const values = dictionary && schema.dictionaries.get(dictionary.id);
  if (dictionary !== undefined && values === undefined) {
    const rule = "each dictionary must be one of the schema";
    throw new SyntaxError(cannot(ACTION, rule, dictionary.id, DAMAGED));
  }
  const types = values === undefined
    ? schema.fields.map(({ name, type }) => [name, type] as const)
    : [[`dictionary ${dictionary!.id}`, values] as const];
  const checkBody = checkLayout(batch, types, bodyLength);
  return { schema, bodyLength, checkBody };
}

function readable<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const rule = `message ${index} must have metadata that can be read`;
    const reason = cause instanceof Error ? cause.message : cause;
    throw new SyntaxError(cannot(ACTION, rule, reason, DAMAGED), { cause });
  }
}
