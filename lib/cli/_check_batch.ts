/**
 * Checks that the buffers of a record batch contain everything that its columns
 * refer to.
 *
 * Apache Arrow for JavaScript does not check lengths and offsets, and reads
 * undefined beyond the end of a buffer.
 *
 * @module
 */
import {
  type Data,
  DataType,
  type RecordBatch,
  type Union,
  UnionMode,
} from "apache-arrow";
import { cannot } from "../check.ts";

/** Bytes of an element of a view. */
const VIEW_BYTES = 16;
/** Length of the longest value that is stored in its view. */
const INLINE_BYTES = 12;

/**
 * Checks a batch.
 *
 * @param batch The batch.
 * @param dictionaries Dictionaries that were already checked; new ones are
 * added.
 * @throws {SyntaxError} If a buffer is too short for its column, or an
 * offset or index points outside of it.
 */
export function checkBatch(
  { schema, data, numRows }: RecordBatch,
  dictionaries: WeakSet<Data>,
): void {
  schema.fields.forEach(({ name }, i) => {
    const column = data.children[i]!;
    checkAtLeast(column.length, numRows, name, "rows");
    checkData(column, name, dictionaries);
  });
}

function checkData(
  data: Data,
  name: string,
  dictionaries: WeakSet<Data>,
): void {
  const { type, length, children, nullBitmap } = data;
  if (DataType.isNull(type)) return; // it has no buffers
  if (data.nullCount > 0 && !DataType.isUnion(type)) {
    checkAtLeast(nullBitmap.length * 8, length, name, "validity bits");
  }
  if (DataType.isUnion(type)) checkUnion(data as Data<Union>, name);
  else if (DataType.isDictionary(type)) {
    checkDictionary(data, name, dictionaries);
  } else if (DataType.isFixedSizeList(type)) {
    const values = length * type.listSize;
    checkAtLeast(children[0]!.length, values, name, "values");
  } else if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) {
    checkViews(data, name);
  } else if (data.valueOffsets !== undefined) {
    checkOffsets(data, name);
  } else if (DataType.isStruct(type)) {
    for (const child of children) {
      checkAtLeast(child.length, length, name, "rows in its fields");
    }
  } else if (DataType.isBool(type)) {
    checkAtLeast(data.values.length * 8, length, name, "values");
  } else {
    checkAtLeast(data.values.length, length * data.stride, name, "values");
  }
  for (const child of children) checkData(child, name, dictionaries);
}

/** Strings, bytes, lists and maps. */
function checkOffsets(data: Data, name: string): void {
  const { length, valueOffsets, children, values } = data;
  if (length === 0) return;
  checkAtLeast(valueOffsets.length, length + 1, name, "offsets");
  let last = valueOffsets[0]!;
  if (last < 0) throw damagedColumn(name, "offsets from 0 on", last);
  for (let i = 1; i <= length; i++) {
    const next = valueOffsets[i]!;
    if (next < last) {
      throw damagedColumn(name, "offsets that do not fall", next);
    }
    last = next;
  }
  const size = children.length > 0 ? children[0]!.length : values.length;
  checkAtLeast(size, Number(last), name, "values");
}

function checkViews(data: Data, name: string): void {
  const { length, values, variadicBuffers } = data;
  checkAtLeast(values.length, length * VIEW_BYTES, name, "bytes of views");
  const { buffer, byteOffset } = values as Uint8Array;
  const views = new DataView(buffer, byteOffset, length * VIEW_BYTES);
  for (let row = 0; row < length; row++) {
    if (data.nullCount > 0 && !data.getValid(row)) continue;
    const size = views.getInt32(row * VIEW_BYTES, true);
    if (size < 0) throw damagedColumn(name, "sizes from 0 on", size);
    if (size <= INLINE_BYTES) continue;
    const index = views.getInt32(row * VIEW_BYTES + 8, true);
    const start = views.getInt32(row * VIEW_BYTES + 12, true);
    const bytes = variadicBuffers[index]?.length ?? 0;
    if (start < 0) throw damagedColumn(name, "offsets from 0 on", start);
    checkAtLeast(bytes, start + size, name, "bytes");
  }
}

function checkDictionary(
  data: Data,
  name: string,
  dictionaries: WeakSet<Data>,
): void {
  const { length, values, dictionary } = data;
  checkAtLeast(values.length, length, name, "indices");
  const size = dictionary?.length ?? 0;
  for (let row = 0; row < length; row++) {
    if (data.nullCount > 0 && !data.getValid(row)) continue;
    const index = Number(values[row]);
    if (index >= 0 && index < size) continue;
    throw damagedColumn(
      name,
      `indices < ${size}, the size of its dictionary`,
      index,
    );
  }
  for (const part of dictionary?.data ?? []) {
    if (dictionaries.has(part)) continue;
    checkData(part, name, dictionaries);
    dictionaries.add(part);
  }
}

function checkUnion(data: Data<Union>, name: string): void {
  const { type, length, typeIds, valueOffsets, children } = data;
  const { mode, typeIdToChildIndex } = type;
  checkAtLeast(typeIds.length, length, name, "type ids");
  const isDense = mode === UnionMode.Dense;
  if (isDense) checkAtLeast(valueOffsets.length, length, name, "offsets");
  for (let row = 0; row < length; row++) {
    const child = children[typeIdToChildIndex[typeIds[row]!]!];
    if (child === undefined) {
      throw damagedColumn(name, "known types", typeIds[row]);
    }
    const at = isDense ? valueOffsets[row]! : row;
    if (at < 0) throw damagedColumn(name, "offsets from 0 on", at);
    checkAtLeast(child.length, at + 1, name, "values");
  }
}

function checkAtLeast(
  found: number,
  wanted: number,
  name: string,
  what: string,
): void {
  if (found < wanted) throw damagedColumn(name, `${wanted} ${what}`, found);
}

/**
 * The error for a column whose bytes contradict its type or its length.
 *
 * @param name The column.
 * @param rule Bytes or values that it must have.
 * @param value The value found.
 * @returns The error to throw.
 */
export function damagedColumn(
  name: string,
  rule: string,
  value: unknown,
): SyntaxError {
  return new SyntaxError(
    cannot(
      "read Arrow batch",
      `column "${name}" must have ${rule}`,
      value,
      "is the stream damaged?",
    ),
  );
}
