import { cannot } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";

/** A range of bytes in a file, and its contents. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly what: string;
  readonly isValues: boolean;
}

/** HDF5's value for an undefined address. */
const NOWHERE = 2n ** 64n - 1n;
/** Number of bytes read from the source at once. */
const PAGE = 2 ** 14;
const MOST_PAGES = 64;
/**
 * Number of bytes before and after values that are checked for an empty gap.
 */
const BESIDE = 64;
const STEP = 2 ** 20;
/** Signatures of HDF5's structure blocks. */
const SIGNATURES = [
  ...["TREE", "SNOD", "HEAP", "GCOL", "OHDR", "OCHK", "BTHD", "BTLF", "BTIN"],
  ...["FRHP", "FHDB", "FHIB", "FAHD", "FADB", "EAHD", "EAIB", "EADB", "EASB"],
];

/**
 * The bytes of a file, read in small pieces, with a record of the contents of
 * each range. No range may have two uses, so that references cannot form a
 * cycle.
 */
export class Hdf5Bytes {
  readonly name: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #spans: Span[] = [];
  readonly #starts = new Set<number>();
  readonly #pages = new Map<number, Uint8Array>();

  constructor(source: ByteSource) {
    this.#source = source;
    this.name = source.name;
    this.size = source.size;
  }

  /** Reads a block of structure, and records it. */
  read(at: number, length: number, what: string): Cursor {
    this.claim(at, length, what);
    return this.peek(at, length, what);
  }

  /**
   * Reads a block with a signature of four letters and an optional checksum.
   */
  block(
    at: number,
    length: number,
    letters: string,
    checked: number | null = length,
  ): Cursor {
    const cursor = this.read(at, length, `block "${letters}"`);
    const found = cursor.text(4);
    if (found !== letters) this.fail(`"${letters}" must be at ${at}`, found);
    if (checked !== null) this.checkSum(cursor, checked);
    return cursor;
  }

  /** Reads bytes without recording them. */
  peek(at: number, length: number, what: string): Cursor {
    this.#checkInside(at, length, what);
    const bytes = new Uint8Array(length);
    if (length >= PAGE) this.#source.read(at, bytes);
    else {
      for (let done = 0; done < length;) {
        const page = this.#page(Math.floor((at + done) / PAGE));
        const start = (at + done) % PAGE;
        const piece = page.subarray(start, start + length - done);
        bytes.set(piece, done);
        done += piece.length;
      }
    }
    return new Cursor(bytes, this, what);
  }

  /** Reads values, without the page cache. */
  values(at: number, length: number, what: string): Uint8Array<ArrayBuffer> {
    this.#checkInside(at, length, what);
    const bytes = new Uint8Array(length);
    this.#source.read(at, bytes);
    return bytes;
  }

  /** Records the contents of a range. */
  claim(at: number, length: number, what: string, isValues = false): void {
    this.#checkInside(at, length, what);
    if (length === 0) return;
    if (this.#starts.has(at)) {
      this.fail(`${what} must not share bytes with another`, at);
    }
    this.#starts.add(at);
    this.#spans.push({ from: at, to: at + length, what, isValues });
  }

  /** Checks that the last four bytes are the checksum of the others. */
  checkSum(
    { bytes, what }: Pick<Cursor, "bytes" | "what">,
    length = bytes.length,
  ): void {
    const end = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
      length - 4,
      true,
    );
    const sum = lookup3(bytes.subarray(0, length - 4));
    if (sum !== end) this.fail(`the checksum of ${what} must be ${end}`, sum);
  }

  /**
   * Checks the record of a file without checksums: ranges do not overlap, and
   * values are not at a suspicious address.
   *
   * HDF5 places values directly after other data, and does not erase deleted
   * data. Values after a gap are suspect if the gap ends with nonzero bytes, or
   * if they are all zero. Such a file is accepted only if the gaps contain a
   * structure block, which shows that HDF5 deleted something.
   *
   * @param hasSums Whether checksums have shown that all addresses are right.
   */
  settle(hasSums: boolean): void {
    this.#spans.sort((a, b) => a.from - b.from);
    const gaps: { from: number; to: number }[] = [];
    let suspect: Span | undefined;
    let end = 0;
    for (const [i, span] of this.#spans.entries()) {
      const next = this.#spans[i + 1]?.from ?? this.size;
      if (span.from < end) {
        const before = this.#spans[i - 1]!;
        this.fail(
          `${span.what} must not share bytes with another`,
          before.what,
        );
      }
      if (span.from > end) gaps.push({ from: end, to: span.from });
      if (!hasSums && span.isValues && span.from > end && !suspect) {
        if (this.#isSuspect(span, end, next)) suspect = span;
      }
      end = span.to;
    }
    if (end < this.size) gaps.push({ from: end, to: this.size });
    if (suspect === undefined) return;
    const found = gaps.map((gap) => this.#contents(gap));
    if (found.includes("structure") || !found.includes("bytes")) return;
    this.fail(`${suspect.what} must follow something else`, suspect.from);
  }

  /** Throws the error of the file. */
  fail(rule: string, value: unknown, hint?: string): never {
    const text = cannot(`read HDF5 "${this.name}"`, rule, value, hint);
    throw new SyntaxError(text);
  }

  #isSuspect({ from, to }: Span, last: number, next: number): boolean {
    return !this.#isEmpty(Math.max(last, from - BESIDE), from) ||
      !this.#isEmpty(to, Math.min(next, to + BESIDE)) ||
      (next > to && this.#isEmpty(from, to));
  }

  #isEmpty(from: number, to: number): boolean {
    for (let at = from; at < to; at += STEP) {
      const { bytes } = this.peek(at, Math.min(STEP, to - at), "a gap");
      if (bytes.some((byte) => byte !== 0)) return false;
    }
    return true;
  }

  /** The contents of unreferenced bytes. */
  #contents(
    { from, to }: { from: number; to: number },
  ): "nothing" | "bytes" | "structure" {
    let isEmpty = true;
    for (let at = from; at < to; at += STEP) {
      const { bytes } = this.peek(at, Math.min(STEP + 16, to - at), "a gap");
      isEmpty &&= bytes.every((byte) => byte === 0);
      if (isEmpty) continue;
      const text = new TextDecoder("latin1").decode(bytes);
      if (SIGNATURES.some((letters) => text.includes(letters))) {
        return "structure";
      }
      if (hasHeader(bytes)) return "structure";
    }
    return isEmpty ? "nothing" : "bytes";
  }

  #page(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(Math.min(PAGE, this.size - index * PAGE));
      this.#source.read(index * PAGE, page);
      if (this.#pages.size >= MOST_PAGES) {
        const [oldest] = this.#pages.keys();
        this.#pages.delete(oldest!);
      }
      this.#pages.set(index, page);
    }
    return page;
  }

  #checkInside(at: number, length: number, what: string): void {
    const isInside = Number.isSafeInteger(at) && at >= 0 && length >= 0 &&
      at + length <= this.size;
    if (!isInside) this.fail(`${what} must lie in the file`, at, "is it cut?");
  }
}

/** A reader of little-endian fields. */
export class Cursor {
  /** The next byte. */
  at = 0;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly what: string;
  readonly #view: DataView<ArrayBuffer>;
  readonly #file: Hdf5Bytes;

  constructor(bytes: Uint8Array<ArrayBuffer>, file: Hdf5Bytes, what: string) {
    this.bytes = bytes;
    this.what = what;
    this.#file = file;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  skip(length: number): this {
    this.#advance(length);
    return this;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A number of a width in bytes; no number in a file exceeds 2^53. */
  uint(width: number): number {
    const at = this.#advance(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) {
      value = value * 256 + this.bytes[at + i]!;
    }
    if (Number.isSafeInteger(value)) return value;
    return this.#file.fail(`numbers in ${this.what} must be sizes`, value);
  }

  u64(): number {
    return this.uint(8);
  }

  /** An address, or undefined if there is none. */
  address(): number | undefined {
    if (this.left >= 8 && this.#view.getBigUint64(this.at, true) === NOWHERE) {
      this.at += 8;
      return undefined;
    }
    return this.u64();
  }

  /** An address that must be defined. */
  required(what: string): number {
    return this.address() ?? this.#file.fail(`${what} must be stored`, "none");
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** The same bytes, from the start. */
  fresh(): Cursor {
    return new Cursor(this.bytes, this.#file, this.what);
  }

  /** The next bytes, as a separate reader. */
  sub(length: number): Cursor {
    return new Cursor(this.take(length), this.#file, this.what);
  }

  /** A string of this many bytes, up to the first zero. */
  text(length: number): string {
    const bytes = this.take(length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  #advance(length: number): number {
    const { at } = this;
    if (length < 0 || length > this.left) {
      this.#file.fail(`${this.what} must be complete`, `${this.left} bytes`);
    }
    this.at += length;
    return at;
  }
}

/** Skips to the next multiple of eight. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Whether bytes contain the start of an object header of version 1. */
function hasHeader(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 24 <= bytes.length; at++) {
    if (bytes[at] !== 1 || bytes[at + 1] !== 0) continue;
    const isHeader = view.getUint16(at + 2, true) > 0 &&
      view.getUint16(at + 2, true) < 1000 &&
      view.getUint32(at + 4, true) < 1000 &&
      view.getUint32(at + 8, true) % 8 === 0 &&
      view.getUint32(at + 12, true) === 0 &&
      view.getUint16(at + 16, true) <= 0x18 &&
      view.getUint16(at + 18, true) % 8 === 0 &&
      view.getUint32(at + 20, true) <= 0xff;
    if (isHeader) return true;
  }
  return false;
}

/**
 * The checksum of HDF5's structure.
 *
 * Source: Bob Jenkins, "lookup3.c", hashlittle(), with the start value 0.
 */
function lookup3(bytes: Uint8Array): number {
  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  let a = (0xdeadbeef + bytes.length) | 0;
  let [b, c] = [a, a];
  const word = (at: number, end: number) => {
    let value = 0;
    for (let i = 0; i < 4 && at + i < end; i++) {
      value |= bytes[at + i]! << 8 * i;
    }
    return value;
  };
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at, at + 4)) | 0;
    b = (b + word(at + 4, at + 8)) | 0;
    c = (c + word(at + 8, at + 12)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (at === bytes.length) return c >>> 0;
  a = (a + word(at, bytes.length)) | 0;
  b = (b + word(at + 4, bytes.length)) | 0;
  c = (c + word(at + 8, bytes.length)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
