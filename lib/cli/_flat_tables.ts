/**
 * Whether the tables of a message of FlatBuffers lie within its bytes.
 *
 * A table begins with a signed offset to its list of slots, which has the
 * offset of each field. Strings, lists and other tables are pointed to. Readers
 * of FlatBuffers trust these numbers: a list of a damaged length is read until
 * memory is full, and a field outside of the message is read as 0.
 *
 * Source: https://flatbuffers.dev/internals
 *
 * @module
 */

/** What a slot of a table holds. */
export type Slot =
  /** A number of so many bytes. */
  | { readonly bytes: number }
  /** A list of items of so many bytes; a string is one of bytes. */
  | { readonly items: number }
  | { readonly table: Slots }
  | { readonly tables: Slots }
  /** One of several tables; the slot before holds which. */
  | { readonly cases: Readonly<Record<number, Slots>> };

/** The slots of a table, in order. A function, as tables hold each other. */
export type Slots = () => readonly Slot[];

/** A message that is damaged may refer to itself. */
const MOST_DEPTH = 64;
/** A table, and the offset that points to it, take at least this. */
const LEAST_TABLE_BYTES = 4;

/**
 * Checks all tables that a message refers to.
 *
 * @param message The message.
 * @param root The slots of its first table.
 * @throws {RangeError} If an offset or a length leads outside of the message,
 * or tables hold each other.
 */
export function checkTables(message: Uint8Array, root: Slots): void {
  const checker = new TableChecker(message);
  checker.table(checker.pointed(0), root, 0);
}

class TableChecker {
  readonly #view: DataView;
  /** Tables that may follow: more than these share their bytes. */
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
    // Readers take half a slot for a whole one.
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
        // The first four bytes of a table are its offset.
        if (offset < 4 || offset + size > tableBytes) {
          throw new RangeError(`a field at ${offset} of ${tableBytes} bytes`);
        }
        this.#slot(field, slot, before, depth + 1);
      }
      before = field;
    });
  }

  /** Where an offset leads to. */
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
      // The reader of the message refuses those that are not known.
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
