/**
 * Writes protocol buffers. A package could do it as well, but its modules take
 * longer to load than a small model takes to run.
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Wire types. */
const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

const ENCODER = new TextEncoder();

/** Writes the fields of a message, and of the messages in it. */
export class ProtoWriter {
  #bytes = new Uint8Array(0);
  #size = 0;

  /**
   * Writes an integer.
   *
   * @param field The field's number.
   * @param value An integer of at most 64 bits, signed.
   * @throws {RangeError} If it is none.
   */
  integer(field: number, value: number): void {
    this.#tag(field, VARINT);
    if (value >= 0 && Number.isSafeInteger(value)) return this.#varint(value);
    if (!(value >= -(2 ** 63) && value < 2 ** 63 && value % 1 === 0)) {
      const rule = "it must be an integer of 64 bits";
      throw new RangeError(cannot(`write field ${field}`, rule, value));
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) {
      this.#bytes[this.#size++] = Number(rest & 127n) | 128;
    }
    this.#bytes[this.#size++] = Number(rest);
  }

  /**
   * Writes a float of 32 bits.
   *
   * @param field The field's number.
   * @param value The number.
   */
  float(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#size, value, true);
    this.#size += 4;
  }

  /**
   * Writes bytes, or a message that is encoded already.
   *
   * @param field The field's number.
   * @param parts The bytes, in parts.
   */
  bytes(field: number, ...parts: readonly Uint8Array[]): void {
    this.#tag(field, DELIMITED);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#varint(length);
    this.#reserve(length);
    for (const part of parts) {
      this.#bytes.set(part, this.#size);
      this.#size += part.length;
    }
  }

  /**
   * Writes a string.
   *
   * @param field The field's number.
   * @param value The string.
   */
  text(field: number, value: string): void {
    this.bytes(field, ENCODER.encode(value));
  }

  /**
   * Writes a message within this one.
   *
   * @param field The field's number.
   * @param write Writes the fields of the inner message, to this writer.
   */
  message(field: number, write: () => void): void {
    this.#tag(field, DELIMITED);
    const start = this.#size + 1; // most lengths are of one byte
    this.#size = start;
    write();
    const length = this.#size - start;
    const more = varintSize(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#size);
    this.#size = start - 1;
    this.#varint(length);
    this.#size += length;
  }

  /**
   * The message.
   *
   * @returns Its bytes.
   */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#size);
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#size++] = rest % 128 + 128;
    }
    this.#bytes[this.#size++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(
      Math.max(needed + 64, 2 * this.#bytes.length),
    );
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}
