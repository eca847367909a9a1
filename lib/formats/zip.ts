/**
 * Zip archives, read in place.
 *
 * Differences between parsers are a way to bypass checks, so this reader is
 * strict: the directory must match the local headers, names must be plain and
 * unique, and members must overlap neither each other nor the directory. An
 * uncompressed member allows random access.
 *
 * Source: PKWARE, ".ZIP File Format Specification" (APPNOTE) 6.3.
 *
 * @module
 */
import { Pacer } from "./pacer.ts";
import { type ByteSource, bytesSource, partSource } from "./byte_source.ts";
import {
  damaged,
  readDirectory,
  type ZipLimits,
  type ZipMember,
} from "./_zip_directory.ts";
import { nodeZlib } from "./builtin_modules.ts";

export type { ZipLimits, ZipMember };

const STEP = 2 ** 20;
/**
 * Number of bytes decompressed at once; the result may be a thousand times
 * larger.
 */
const COMPRESSED_STEP = 2 ** 14;

/** An open archive. */
export class ZipArchive {
  /** Its files by name, in the directory's order, without folders. */
  readonly members: ReadonlyMap<string, ZipMember>;
  readonly #source: ByteSource;

  /**
   * Reads an archive's directory, and checks it against the members.
   *
   * @param source The archive; it stays open, owned by the caller.
   * @param limits Its limits.
   * @throws {SyntaxError} If it is not an archive, is damaged, or is unsafe.
   */
  constructor(source: ByteSource, limits: ZipLimits = {}) {
    this.#source = source;
    this.members = readDirectory(source, limits);
  }

  /**
   * Verifies every member's checksum, in one pass.
   *
   * @param pacer Yields the thread at intervals, and aborts.
   * @throws {SyntaxError} If a member is damaged.
   */
  async verify(pacer: Pacer = new Pacer()): Promise<void> {
    for (const member of this.members.values()) {
      let crc = 0;
      for await (const piece of this.#pieces(member)) {
        crc = nodeZlib().crc32(piece, crc);
        await pacer.rest();
      }
      this.#checkCrc(member, crc);
    }
  }

  /**
   * Reads a small member, decompressed and verified.
   *
   * @param name The member.
   * @returns New bytes.
   * @throws {SyntaxError} If it does not exist, or is damaged.
   */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const member = this.#member(name);
    const compressed = new Uint8Array(member.compressedSize);
    this.#source.read(member.start, compressed);
    const bytes = member.isStored
      ? compressed
      : this.#inflate(member, compressed);
    this.#checkCrc(member, nodeZlib().crc32(bytes));
    return bytes;
  }

  /**
   * Opens a member for random access: in place if uncompressed, otherwise
   * decompressed in memory. Only {@linkcode verify} verifies bytes that are
   * read in place.
   *
   * @param name The member.
   * @returns Its bytes.
   * @throws {SyntaxError} If it does not exist, or is damaged.
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
    this.#checkCrc(member, nodeZlib().crc32(bytes));
    return bytesSource(bytes, label);
  }

  /** Streams the decompressed bytes of a member. */
  async *#pieces(member: ZipMember): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (member.isStored) return yield* this.#stored(member, STEP, true);
    if (isEmpty(member)) return;
    const stream = ReadableStream.from(
      this.#stored(member, COMPRESSED_STEP, false),
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

  /** The stored bytes of a member. */
  *#stored(
    { start, compressedSize }: ZipMember,
    step: number,
    isShared: boolean,
  ): Generator<Uint8Array<ArrayBuffer>> {
    const shared = new Uint8Array(
      isShared ? Math.min(step, compressedSize) : 0,
    );
    for (let at = 0; at < compressedSize; at += step) {
      const length = Math.min(step, compressedSize - at);
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
      // Allocated for the whole member, to avoid joining parts.
      const chunkSize = size + 64;
      bytes = nodeZlib().inflateRawSync(compressed, {
        maxOutputLength: size,
        chunkSize,
      });
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

/** Whether an empty member is valid: no bytes, or only an end marker. */
function isEmpty({ size, compressedSize }: ZipMember): boolean {
  return size === 0 && compressedSize <= 2;
}
