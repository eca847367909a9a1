/**
 * Checks that the nodes and buffers in the metadata of a message match its
 * schema, and are within its body.
 *
 * This is done before the body is read and any array is allocated, so that a
 * damaged count can neither exhaust the memory nor shift values. The buffers of
 * a body are contiguous, in the order of the columns, except for the padding of
 * their alignment; if one starts elsewhere, the message is damaged.
 *
 * Source: https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message
 *
 * @module
 */
import { DataType, UnionMode } from "apache-arrow";
import { cannot, counted } from "../check.ts";
import { damagedColumn } from "./_check_batch.ts";
import { offsetBytes, valueBytes } from "./_column_types.ts";

/** The nodes and buffers of a message, as decoded by Apache Arrow. */
export interface BatchHeader {
  /** Number of rows. */
  readonly length: number;
  /** Numbers of rows and nulls of each column, including nested ones. */
  readonly nodes: readonly {
    readonly length: number;
    readonly nullCount: number;
  }[];
  /** Ranges of the body. */
  readonly buffers: readonly Range[];
  /** Number of buffers of each column of views. */
  readonly variadicBufferCounts: readonly number[];
  /** The compression of the buffers, if any. */
  readonly compression?: unknown;
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The validity bits of a column. */
interface Validity {
  readonly name: string;
  readonly range: Range;
  readonly length: number;
  readonly nullCount: number;
}

/** The largest alignment of buffers that the format recommends. */
const MOST_ALIGNMENT = 64;
const TYPE_ID_BYTES = 1;
const DENSE_OFFSET_BYTES = 4;

/**
 * Checks the nodes and buffers of a message.
 *
 * @param header The nodes and buffers.
 * @param types Names and types of its columns.
 * @param bodyLength Length of the body in bytes.
 * @returns A function that checks the number of nulls in the body.
 * @throws {SyntaxError} If they do not match the columns, or are not
 * within the body.
 */
export function checkLayout(
  header: BatchHeader,
  types: readonly (readonly [name: string, type: DataType])[],
  bodyLength: number,
): (body: Uint8Array) => void {
  const layout = new LayoutCheck(header);
  for (const [name, type] of types) {
    layout.column(name, type, header.length, true);
  }
  layout.end();
  checkRanges(header.buffers, bodyLength);
  // A column that can be an input has at least one bit per row.
  if (header.length > 8 * bodyLength && header.length > 0) {
    const hint = "send columns with values";
    const rule = `a batch of ${header.length} rows must have their values`;
    throw new SyntaxError(
      cannot("read Arrow stream", rule, `${bodyLength} bytes`, hint),
    );
  }
  return (body) => layout.validities.forEach((part) => checkNulls(part, body));
}

class LayoutCheck {
  readonly #header: BatchHeader;
  #node = 0;
  #buffer = 0;
  #variadic = 0;
  readonly validities: Validity[] = [];

  constructor(header: BatchHeader) {
    this.#header = header;
  }

  /** Checks a column with at least some rows, and its nested columns. */
  column(name: string, type: DataType, rows: number, isExact = false): void {
    const node = this.#header.nodes[this.#node++];
    const { length = -1, nullCount = 0 } = node ?? {};
    if (isExact ? length !== rows : length < rows) {
      throw damagedColumn(
        name,
        counted(rows, "row"),
        node === undefined ? "none" : length,
      );
    }
    if (nullCount < 0 || nullCount > length) {
      throw damagedColumn(name, `at most ${length} nulls`, nullCount);
    }
    if (DataType.isNull(type)) return;
    if (!DataType.isUnion(type)) this.#validity(name, length, nullCount);
    if (DataType.isDictionary(type)) {
      this.#values(name, length * valueBytes(type.indices)!, "indices");
    } else this.#contents(name, type, length);
  }

  /** Checks that all nodes and buffers belong to a column. */
  end(): void {
    const { nodes, buffers, variadicBufferCounts } = this.#header;
    for (
      const [what, count, used] of [
        ["nodes", nodes.length, this.#node],
        ["buffers", buffers.length, this.#buffer],
        ["counts of views", variadicBufferCounts.length, this.#variadic],
      ] as const
    ) {
      if (count === used) continue;
      throw new SyntaxError(
        cannot(
          "read Arrow stream",
          `its columns must have ${used} ${what} in a batch`,
          count,
          "is the stream damaged?",
        ),
      );
    }
  }

  #validity(name: string, length: number, nullCount: number): void {
    const range = this.#range(name);
    if (range.length === 0 && nullCount === 0) return;
    checkBytes(name, range.length, Math.ceil(length / 8), "validity bits");
    this.validities.push({ name, range, length, nullCount });
  }

  #values(name: string, bytes: number, what: string): void {
    checkBytes(name, this.#range(name).length, Math.ceil(bytes), what);
  }

  /** Checks the buffers after the validity bits. */
  #contents(name: string, type: DataType, length: number): void {
    if (DataType.isUnion(type)) {
      this.#values(name, length * TYPE_ID_BYTES, "type ids");
      const isDense = type.mode === UnionMode.Dense;
      if (isDense) this.#values(name, length * DENSE_OFFSET_BYTES, "offsets");
      const rows = isDense ? 0 : length;
      for (const child of type.children) {
        this.column(`${name}.${child.name}`, child.type, rows);
      }
      return;
    }
    const offset = offsetBytes(type);
    if (offset !== undefined) {
      // Columns without rows may omit their only offset.
      const count = length === 0 ? 0 : length + 1;
      this.#values(name, count * offset, "offsets");
    }
    const bytes = valueBytes(type)!;
    if (bytes > 0) this.#values(name, length * bytes, "values");
    const isView = DataType.isUtf8View(type) || DataType.isBinaryView(type);
    if (isView) {
      const count = this.#header.variadicBufferCounts[this.#variadic++] ?? 0;
      for (let i = 0; i < count; i++) this.#range(name);
      return;
    }
    const children = type.children ?? [];
    if (offset !== undefined && children.length === 0) this.#range(name);
    // The offsets of lists are checked when the body was read.
    const rows = DataType.isFixedSizeList(type)
      ? length * type.listSize
      : DataType.isStruct(type)
      ? length
      : 0;
    for (const child of children) {
      this.column(`${name}.${child.name}`, child.type, rows);
    }
  }

  #range(name: string): Range {
    const range = this.#header.buffers[this.#buffer++];
    if (range === undefined) throw damagedColumn(name, "its buffers", "none");
    return range;
  }
}

/** Each buffer must start at the end of the previous one, or after padding. */
function checkRanges(buffers: readonly Range[], bodyLength: number): void {
  const ranges = buffers.filter(({ length }) => length !== 0);
  let alignment = MOST_ALIGNMENT;
  for (const { offset, length } of ranges) {
    if (offset < 0 || length < 0) throw misplaced(bodyLength, offset, length);
    while (alignment > 1 && offset % alignment !== 0) alignment /= 2;
  }
  let end = 0;
  for (const { offset, length } of ranges) {
    if (offset < end || offset - end >= alignment) {
      throw misplaced(bodyLength, offset, length);
    }
    end = offset + length;
  }
  if (end <= bodyLength && bodyLength - end < MOST_ALIGNMENT) return;
  const rule = `buffers of ${end} bytes must fill the body`;
  const hint = "is the stream damaged?";
  throw new SyntaxError(cannot("read Arrow stream", rule, bodyLength, hint));
}

function misplaced(
  bodyLength: number,
  offset: number,
  length: number,
): SyntaxError {
  const rule =
    `buffers must lie behind each other in a body of ${bodyLength} bytes`;
  const found = `one of ${length} bytes at ${offset}`;
  return new SyntaxError(
    cannot("read Arrow stream", rule, found, "is the stream damaged?"),
  );
}

function checkBytes(
  name: string,
  found: number,
  least: number,
  what: string,
): void {
  if (found >= least) return;
  throw damagedColumn(name, `${least} bytes of ${what}`, found);
}

/** Compares the number of nulls: others would be read as values. */
function checkNulls(
  { name, range, length, nullCount }: Validity,
  body: Uint8Array,
): void {
  let valid = 0;
  for (let i = 0; i < length >> 3; i++) {
    valid += ONES[body[range.offset + i]!]!;
  }
  const rest = length & 7;
  if (rest > 0) {
    valid += ONES[body[range.offset + (length >> 3)]! & ((1 << rest) - 1)]!;
  }
  if (valid === length - nullCount) return;
  throw damagedColumn(name, counted(nullCount, "null"), length - valid);
}

/** Number of bits that are set in a byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});
