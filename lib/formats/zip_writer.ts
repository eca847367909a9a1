/**
 * Writes zip archives with uncompressed members, incrementally. Sizes and
 * offsets have 64 bits, so that an archive may have any size.
 *
 * Source: PKWARE, ".ZIP File Format Specification" (APPNOTE) 6.3.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { ByteSink } from "./byte_sink.ts";

const LOCAL = 0x04034b50;
const DIRECTORY = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const VERSION_64 = 45;
const IS_UTF8 = 0x800;
/** 1980-01-01, a fixed date, so that equal members give equal bytes. */
const DATE = 0x21;
const LONG = 0xffffffff;

interface Member {
  readonly name: Uint8Array;
  readonly header: number;
  readonly size: number;
  readonly crc: number;
}

/** Writes an archive into a sink. */
export class ZipWriter {
  readonly #sink: ByteSink;
  readonly #members: Member[] = [];

  /**
   * Creates it at the current position of the sink.
   *
   * @param sink The destination.
   */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Writes one member.
   *
   * @param path Its name in the archive.
   * @param pieces Its bytes, piece by piece.
   */
  async add(
    path: string,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const name = new TextEncoder().encode(path);
    const header = this.#sink.position;
    this.#sink.write(localHeader({ name, header, size: 0, crc: 0 }));
    const start = this.#sink.position;
    let crc = 0;
    for await (const piece of pieces) {
      crc = crc32(piece, crc);
      this.#sink.write(piece);
    }
    const size = this.#sink.position - start;
    const member = { name, header, size, crc };
    this.#sink.patch(header, localHeader(member));
    this.#members.push(member);
  }

  /** Writes the directory, which completes the archive. */
  finish(): void {
    const start = this.#sink.position;
    for (const member of this.#members) {
      this.#sink.write(directoryEntry(member));
    }
    const end = this.#sink.position;
    this.#sink.write(endRecords(this.#members.length, start, end));
  }
}

function localHeader({ name, size, crc }: Member): Uint8Array {
  const bytes = new Uint8Array(30 + name.length + 20);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, VERSION_64, true);
  view.setUint16(6, IS_UTF8, true);
  view.setUint16(12, DATE, true);
  view.setUint32(14, crc, true);
  view.setUint32(18, LONG, true);
  view.setUint32(22, LONG, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, 20, true);
  bytes.set(name, 30);
  setLongs(view, 30 + name.length, [size, size]);
  return bytes;
}

function directoryEntry({ name, header, size, crc }: Member): Uint8Array {
  const bytes = new Uint8Array(46 + name.length + 28);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, DIRECTORY, true);
  view.setUint16(4, VERSION_64, true);
  view.setUint16(6, VERSION_64, true);
  view.setUint16(8, IS_UTF8, true);
  view.setUint16(14, DATE, true);
  view.setUint32(16, crc, true);
  view.setUint32(20, LONG, true);
  view.setUint32(24, LONG, true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, 28, true);
  view.setUint32(42, LONG, true);
  bytes.set(name, 46);
  setLongs(view, 46 + name.length, [size, size, header]);
  return bytes;
}

/** The extra field for 64-bit sizes. */
function setLongs(
  view: DataView,
  at: number,
  longs: readonly number[],
): void {
  view.setUint16(at, 1, true);
  view.setUint16(at + 2, 8 * longs.length, true);
  longs.forEach((long, i) =>
    view.setBigUint64(at + 4 + 8 * i, BigInt(long), true)
  );
}

function endRecords(count: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(56 + 20 + 22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END_64, true);
  view.setBigUint64(4, 44n, true); // remaining size of this record
  view.setUint16(12, VERSION_64, true);
  view.setUint16(14, VERSION_64, true);
  view.setBigUint64(24, BigInt(count), true);
  view.setBigUint64(32, BigInt(count), true);
  view.setBigUint64(40, BigInt(end - start), true);
  view.setBigUint64(48, BigInt(start), true);
  view.setUint32(56, LOCATOR_64, true);
  view.setBigUint64(64, BigInt(end), true);
  view.setUint32(72, 1, true);
  view.setUint32(76, END, true);
  view.setUint16(84, count < 0xffff ? count : 0xffff, true);
  view.setUint16(86, count < 0xffff ? count : 0xffff, true);
  view.setUint32(88, LONG, true);
  view.setUint32(92, LONG, true);
  return bytes;
}
