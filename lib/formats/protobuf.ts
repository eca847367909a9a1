/**
 * Parses protocol buffers in place: the fields of a message in a file, without
 * reading the contents of a field before it is requested. A large file consists
 * mostly of weights, which are read on demand.
 *
 * @module
 */
import { cannot, quote } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";

/** A range of bytes in a source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One field of a message. */
export interface ProtoField extends Span {
  /** Its number. */
  readonly number: number;
  /**
   * Whether it is length-delimited: a string, bytes, a message, packed numbers.
   */
  readonly isLong: boolean;
  /** Its value, if an integer: 64 bits, signed. */
  readonly integer: bigint;
}

/** Size of the read buffer. */
const WINDOW = 2 ** 16;

/** Reads messages of one source. */
export class ProtoReader {
  readonly source: ByteSource;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #window = new Uint8Array(0);
  #from = 0;

  /**
   * Creates it over a source, without reading.
   *
   * @param source The file; the caller closes it.
   */
  constructor(source: ByteSource) {
    this.source = source;
  }

  /**
   * The fields of a message, in the order of the file.
   *
   * @param span The range of the message.
   * @returns Its fields.
   * @throws {SyntaxError} If it is malformed.
   */
  *fields({ start, end }: Span): Generator<ProtoField> {
    for (let at = start; at < end;) {
      const tag = this.#varint(at, end);
      const number = Number(tag.value >> 3n);
      const wire = Number(tag.value & 7n);
      if (number === 0 || number >= 2 ** 29) {
        throw broken(this.source, at, "a field must have a number");
      }
      const field = this.#field(number, wire, tag.next, end);
      yield field;
      at = field.end;
    }
  }

  /**
   * Reads a string field.
   *
   * @param field The field.
   * @returns The text.
   * @throws {SyntaxError} If it is not a string.
   */
  text(field: ProtoField): string {
    const bytes = this.bytes(field);
    let text;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      throw broken(this.source, field.start, "strings must be UTF-8");
    }
    // The runtime reads up to the zero, so that two names could be equal.
    if (!text.includes("\0")) return text;
    const rule = `name ${quote(text)} must have no zero byte`;
    throw broken(this.source, field.start, rule);
  }

  /**
   * Reads a string in a message.
   *
   * @param span The range of the message.
   * @param number The number of the field.
   * @returns The text of the last such field; empty if there is none.
   * @throws {SyntaxError} If it is not a string.
   */
  textIn(span: Span, number: number): string {
    let text = "";
    for (const field of this.fields(span)) {
      if (field.number === number) text = this.text(field);
    }
    return text;
  }

  /**
   * Reads the bytes of a field or any other range.
   *
   * @param span The range.
   * @returns A copy.
   */
  bytes({ start, end }: Span): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    this.source.read(start, bytes);
    return bytes;
  }

  /**
   * Reads the integers of a field, one or packed.
   *
   * @param field The field.
   * @returns The numbers.
   */
  integers(field: ProtoField): bigint[] {
    if (!field.isLong) return [field.integer];
    const numbers: bigint[] = [];
    for (let at = field.start; at < field.end;) {
      const { value, next } = this.#varint(at, field.end);
      numbers.push(BigInt.asIntN(64, value));
      at = next;
    }
    return numbers;
  }

  #field(number: number, wire: number, at: number, end: number): ProtoField {
    if (wire === 0) {
      const { value, next } = this.#varint(at, end);
      const integer = BigInt.asIntN(64, value);
      return { number, isLong: false, integer, start: at, end: next };
    }
    const size = wire === 2
      ? this.#varint(at, end)
      : { value: wire === 1 ? 8n : 4n, next: at };
    if (wire !== 1 && wire !== 2 && wire !== 5) {
      throw broken(this.source, at, `no field may be of wire type ${wire}`);
    }
    if (size.value > BigInt(end - size.next)) {
      throw broken(this.source, at, "a field must end within its message");
    }
    return {
      number,
      isLong: wire === 2,
      integer: 0n,
      start: size.next,
      end: size.next + Number(size.value),
    };
  }

  #varint(at: number, end: number): { value: bigint; next: number } {
    let low = 0;
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) break;
      const byte = this.#byte(at + i);
      // Most are short: the first 28 bits need no BigInt.
      if (i < 4) low |= (byte & 127) << (7 * i);
      else value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return { value: value | BigInt(low), next: at + i + 1 };
    }
    throw broken(this.source, at, "a number must end after ten bytes at most");
  }

  #byte(at: number): number {
    if (at < this.#from || at >= this.#from + this.#window.length) {
      const size = Math.min(WINDOW, this.source.size - at);
      if (this.#window.length !== size) this.#window = new Uint8Array(size);
      this.#from = at;
      this.source.read(at, this.#window);
    }
    return this.#window[at - this.#from]!;
  }
}

function broken(source: ByteSource, at: number, rule: string): SyntaxError {
  const where = `byte ${at} of ${source.size}`;
  return new SyntaxError(cannot(`read "${source.name}"`, rule, where));
}
