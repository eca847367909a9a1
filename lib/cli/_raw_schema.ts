/**
 * Reads from a schema what Apache Arrow for JavaScript does not report: the
 * column whose type it does not support, which its error does not name, and the
 * byte order, which it ignores.
 *
 * A schema is a FlatBuffers table: a signed offset to its list of slots, which
 * contains the offset of each field.
 *
 * Source: https://flatbuffers.dev/internals and `Schema.fbs` of
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 *
 * @module
 */

/** A column with an unsupported type. */
export interface UnknownColumn {
  /** Its path: the names of the columns that contain it, and its own. */
  readonly name: string;
  /** The name of its type. */
  readonly type: string;
  /** Advice: the type to cast the column to. */
  readonly hint: string;
}

const LISTS = "cast it to a list or large_list before it is sent";
const UNKNOWN: Readonly<Record<number, Omit<UnknownColumn, "name">>> = {
  22: {
    type: "RunEndEncoded",
    hint: "decode it to plain values before it is sent",
  },
  25: { type: "ListView", hint: LISTS },
  26: { type: "LargeListView", hint: LISTS },
};
/** The highest number of a type in the current format. */
const LAST_TYPE = 26;
/** Maximum depth: a damaged schema may refer to itself. */
const MOST_DEPTH = 64;

const MESSAGE = { header: 2 };
const SCHEMA = { endianness: 0, fields: 1 };
const FIELD = { name: 0, type: 2, children: 5 };

/**
 * Finds the first column with an unsupported type, including nested columns.
 *
 * @param metadata The validated message of the schema, without its prefix.
 * @returns The column; undefined if all types are supported.
 */
export function unknownColumn(metadata: Uint8Array): UnknownColumn | undefined {
  const { view, schema } = schemaIn(metadata);
  if (schema === undefined) return undefined;
  return amongFields(view, pointed(view, schema, SCHEMA.fields), "", 0);
}

/**
 * Whether the values of a stream are big-endian.
 *
 * @param metadata The validated message of the schema, without its prefix.
 * @returns True if they are.
 */
export function isBigEndian(metadata: Uint8Array): boolean {
  const { view, schema } = schemaIn(metadata);
  const at = schema && slotOf(view, schema, SCHEMA.endianness);
  return at !== undefined && view.getInt16(at, true) !== 0;
}

function schemaIn({ buffer, byteOffset, byteLength }: Uint8Array) {
  const view = new DataView(buffer, byteOffset, byteLength);
  const message = view.getUint32(0, true);
  return { view, schema: pointed(view, message, MESSAGE.header) };
}

function amongFields(
  view: DataView,
  list: number | undefined,
  path: string,
  depth: number,
): UnknownColumn | undefined {
  if (list === undefined || depth > MOST_DEPTH) return undefined;
  const count = view.getUint32(list, true);
  for (let i = 0; i < count; i++) {
    const at = list + 4 + 4 * i;
    const field = at + view.getUint32(at, true);
    const name = path + nameOf(view, field);
    const type = slotOf(view, field, FIELD.type);
    const code = type === undefined ? 0 : view.getUint8(type);
    if (code > LAST_TYPE) {
      const hint = "cast it to another type before it is sent";
      return { name, type: `type ${code}`, hint };
    }
    if (UNKNOWN[code] !== undefined) return { name, ...UNKNOWN[code] };
    const children = pointed(view, field, FIELD.children);
    const found = amongFields(view, children, `${name}.`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf(view: DataView, field: number): string {
  const text = pointed(view, field, FIELD.name);
  if (text === undefined) return "";
  const length = view.getUint32(text, true);
  return new TextDecoder().decode(
    new Uint8Array(view.buffer, view.byteOffset + text + 4, length),
  );
}

/** The position of a field of a table; undefined if it is omitted. */
function slotOf(
  view: DataView,
  table: number,
  slot: number,
): number | undefined {
  const slots = table - view.getInt32(table, true);
  const at = 4 + 2 * slot;
  if (at >= view.getUint16(slots, true)) return undefined;
  const offset = view.getUint16(slots + at, true);
  return offset === 0 ? undefined : table + offset;
}

/** The target of the offset in a field. */
function pointed(
  view: DataView,
  table: number,
  slot: number,
): number | undefined {
  const at = slotOf(view, table, slot);
  return at === undefined ? undefined : at + view.getUint32(at, true);
}
