/**
 * Zip archives, read in place.
 *
 * Parsers that read one archive in different ways are how a file gets past a
 * check, so nothing here is forgiving: what the directory says must be what
 * stands at each member, names must be plain and there once, and members must
 * neither overlap nor lie where the directory does. A member that is stored as
 * it is can be read anywhere without unpacking.
 *
 * Source: PKWARE, ".ZIP File Format Specification" (APPNOTE) 6.3.
 *
 * @module
 */
import { crc32, inflateRawSync } from "node:zlib";
import { Pacer } from "./pacer.ts";
import { type ByteSource, bytesSource, partSource } from "./byte_source.ts";
import { damaged, readDirectory, type ZipMember } from "./_zip_directory.ts";

export type { ZipMember };

const STEP = 2 ** 20;
/** Bytes that are decompressed at once: they may become a thousand times as many. */
const PACKED_STEP = 2 ** 14;

/** An archive, opened. */
export class ZipArchive {
  /** Its files by name, in the directory's order; folders are left out. */
  readonly members: ReadonlyMap<string, ZipMember>;
  readonly #source: ByteSource;

  /**
   * Reads an archive's directory, and checks it against the members.
   *
   * @param source The archive; it stays open, and the caller's.
   * @param mostGrowth Bytes that compressed members may grow by. @default {48 MiB}
   * @throws {SyntaxError} If it is no archive, is damaged, or is not safe.
   */
  constructor(source: ByteSource, mostGrowth?: number) {
    this.#source = source;
    this.members = readDirectory(source, mostGrowth);
  }

  /**
   * Checks every member's checksum, in one pass and without unpacking what is
   * stored.
   *
   * @param pacer Yields the thread at intervals, and aborts.
   * @throws {SyntaxError} If a member is damaged.
   */
  async verify(pacer: Pacer = new Pacer()): Promise<void> {
    for (const member of this.members.values()) {
      let crc = 0;
      for await (const piece of this.#pieces(member)) {
        crc = crc32(piece, crc);
        await pacer.rest();
      }
      this.#checkCrc(member, crc);
    }
  }

  /**
   * A member's bytes, decompressed and verified; for small ones.
   *
   * @param name The member.
   * @returns New bytes.
   * @throws {SyntaxError} If it is not there, or is damaged.
   */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const member = this.#member(name);
    const compressed = new Uint8Array(member.packedSize);
    this.#source.read(member.start, compressed);
    const bytes = member.isStored
      ? compressed
      : this.#inflate(member, compressed);
    this.#checkCrc(member, crc32(bytes));
    return bytes;
  }

  /**
   * A member for random access: in place where it is stored, otherwise
   * decompressed. What is read in place was verified by {@linkcode verify} alone.
   *
   * @param name The member.
   * @returns Its bytes.
   * @throws {SyntaxError} If it is not there, or is damaged.
   */
  async part(name: string): Promise<ByteSource> {
    const member = this.#member(name);
    const { isStored, start, size } = member;
    const label = `${this.#source.name}/${name}`;
    if (isStored) return partSource(this.#source, start, size, label);
    const bytes = new Uint8Array(size);
    let at = 0;
    for await (const piece of this.#pieces(member)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#checkCrc(member, crc32(bytes));
    return bytesSource(bytes, label);
  }

  /** A member's bytes, decompressed, of which no more than a few are held. */
  async *#pieces(member: ZipMember): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (member.isStored) return yield* this.#stored(member, STEP, true);
    if (isEmpty(member)) return;
    const stream = ReadableStream.from(
      this.#stored(member, PACKED_STEP, false),
    ).pipeThrough(new DecompressionStream("deflate-raw"));
    let found = 0;
    try {
      for await (const piece of stream) {
        found += piece.length;
        if (found > member.size) break;
        yield piece;
      }
    } catch (error) {
      throw this.#notUnpacked(member, error);
    }
    if (found !== member.size) throw this.#notUnpacked(member, found);
  }

  /** A member's bytes as they are stored. */
  *#stored(
    { start, packedSize }: ZipMember,
    step: number,
    isShared: boolean,
  ): Generator<Uint8Array<ArrayBuffer>> {
    const shared = new Uint8Array(isShared ? Math.min(step, packedSize) : 0);
    for (let at = 0; at < packedSize; at += step) {
      const length = Math.min(step, packedSize - at);
      const piece = isShared
        ? shared.subarray(0, length)
        : new Uint8Array(length);
      this.#source.read(start + at, piece);
      yield piece;
    }
  }

  #member(name: string): ZipMember {
    const member = this.members.get(name);
    if (member !== undefined) return member;
    const names = [...this.members.keys()];
    throw damaged(this.#source, `it must hold "${name}"`, names);
  }

  #inflate(member: ZipMember, compressed: Uint8Array): Uint8Array<ArrayBuffer> {
    const { size } = member;
    if (isEmpty(member)) return new Uint8Array();
    let bytes;
    try {
      // With room for all, nothing is put together of parts.
      const chunkSize = size + 64;
      bytes = inflateRawSync(compressed, { maxOutputLength: size, chunkSize });
    } catch (error) {
      throw this.#notUnpacked(member, error);
    }
    if (bytes.length !== size) throw this.#notUnpacked(member, bytes.length);
    return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, size);
  }

  #notUnpacked({ name, size }: ZipMember, found: unknown): SyntaxError {
    return damaged(
      this.#source,
      `member "${name}" must unpack to ${size} bytes`,
      found instanceof Error ? found.message : found,
    );
  }

  #checkCrc({ name, crc }: ZipMember, actual: number): void {
    if (crc === actual) return;
    throw damaged(
      this.#source,
      `member "${name}" must have checksum ${crc.toString(16)}`,
      actual.toString(16),
      "the file is damaged: copy or download it again",
    );
  }
}

/** Packers write nothing, or an end and no more. */
function isEmpty({ size, packedSize }: ZipMember): boolean {
  return size === 0 && packedSize <= 2;
}
