/**
 * Checks that the tables of a FlatBuffers message are within its bytes.
 *
 * A table starts with a signed offset to its list of slots, which contains the
 * offset of each field. Strings, lists and other tables are referenced by offsets.
 * Readers of FlatBuffers trust these numbers: a list with a damaged length is read
 * until the memory is full, and a field outside of the message is read as 0.
 *
 * Source: https://flatbuffers.dev/internals
 *
 * @module
 */

/** The contents of a slot of a table. */
export type Slot =
  /** A number with this many bytes. */
  | { readonly bytes: number }
  /** A list of items with this many bytes each; a string is a list of bytes. */
  | { readonly items: number }
  | { readonly table: Slots }
  | { readonly tables: Slots }
  /** One of several tables, selected by the previous slot. */
  | { readonly cases: Readonly<Record<number, Slots>> };

/** The slots of a table, in order. A function, as tables can be recursive. */
export type Slots = () => readonly Slot[];

/** Maximum depth: a damaged message may refer to itself. */
const MOST_DEPTH = 64;
/** Minimum size of a table with the offset that references it. */
const LEAST_TABLE_BYTES = 4;

/**
 * Checks all tables that a message refers to.
 *
 * @param message The message.
 * @param root The slots of its first table.
 * @throws {RangeError} If an offset or a length exceeds the message,
 * or tables contain each other.
 */
export function checkTables(message: Uint8Array, root: Slots): void {
  const checker = new TableChecker(message);
  checker.table(checker.pointed(0), root, 0);
}

class TableChecker {
  readonly #view: DataView;
  /** Number of tables that can follow without sharing bytes. */
  #tablesLeft: number;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#tablesLeft = byteLength / LEAST_TABLE_BYTES;
  }

  table(at: number, slots: Slots, depth: number): void {
    if (depth > MOST_DEPTH || --this.#tablesLeft < 0) {
      throw new RangeError("tables that hold each other");
    }
    this.#checkWithin(at, 4, "a table");
    const list = at - this.#view.getInt32(at, true);
    this.#checkWithin(list, 4, "slots");
    const listBytes = this.#view.getUint16(list, true);
    const tableBytes = this.#view.getUint16(list + 2, true);
    // Readers would read half a slot as a whole one.
    if (listBytes < 4 || listBytes % 2 !== 0) {
      throw new RangeError(`slots of ${listBytes} bytes`);
    }
    this.#checkWithin(list, listBytes, "slots");
    this.#checkWithin(at, tableBytes, "a table");
    let before: number | undefined;
    slots().forEach((slot, i) => {
      const index = 4 + 2 * i;
      const offset = index + 2 > listBytes
        ? 0
        : this.#view.getUint16(list + index, true);
      const field = offset === 0 ? undefined : at + offset;
      if (field !== undefined) {
        const size = "bytes" in slot ? slot.bytes : 4;
        // The first four bytes of a table are the offset of its slots.
        if (offset < 4 || offset + size > tableBytes) {
          throw new RangeError(`a field at ${offset} of ${tableBytes} bytes`);
        }
        this.#slot(field, slot, before, depth + 1);
      }
      before = field;
    });
  }

  /** The target of an offset. */
  pointed(at: number): number {
    this.#checkWithin(at, 4, "an offset");
    return at + this.#view.getUint32(at, true);
  }

  #slot(
    at: number,
    slot: Slot,
    before: number | undefined,
    depth: number,
  ): void {
    if ("bytes" in slot) return;
    const to = this.pointed(at);
    if ("table" in slot) return this.table(to, slot.table, depth);
    if ("cases" in slot) {
      const which = before === undefined ? 0 : this.#view.getUint8(before);
      const slots = slot.cases[which];
      // Unknown tables are refused by the reader of the message.
      if (slots !== undefined) this.table(to, slots, depth);
      return;
    }
    this.#checkWithin(to, 4, "a list");
    const count = this.#view.getUint32(to, true);
    const size = "items" in slot ? slot.items : 4;
    this.#checkWithin(to + 4, count * size, `a list of ${count} items`);
    if ("items" in slot) return;
    for (let i = 0; i < count; i++) {
      this.table(this.pointed(to + 4 + 4 * i), slot.tables, depth);
    }
  }

  #checkWithin(at: number, size: number, what: string): void {
    const { byteLength } = this.#view;
    if (at >= 0 && at + size <= byteLength) return;
    throw new RangeError(`${what} at ${at} of ${byteLength} bytes`);
  }
}
