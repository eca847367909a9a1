/**
 * The directory of a zip archive, checked against the members that it lists.
 *
 * @module
 */
import { type ByteSource, type Unreadable, unreadable } from "./byte_source.ts";

/** A file in an archive. */
export interface ZipMember {
  /** Its path in the archive. */
  readonly name: string;
  /** Bytes decompressed. */
  readonly size: number;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Whether it is stored without compression. */
  readonly isStored: boolean;
  /** Checksum of the decompressed bytes. */
  readonly crc: number;
  /** Offset of its bytes in the archive. */
  readonly start: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const IS_ENCRYPTED = 0x2041; // flags: encrypted, strongly, or its header masked
const SIZES_FOLLOW = 0x8; // flag: sizes are after the data

/** Limits of an archive. */
export interface ZipLimits {
  /**
   * Bytes of all decompressed members together beyond the archive's size.
   *
   * @default {48 MiB}
   */
  readonly growth?: number;
  /** Members. @default {65,535} */
  readonly members?: number;
}

const MOST_GROWTH = 48 * 2 ** 20;
const MOST_MEMBERS = 65_535;

/**
 * Reads an archive's directory.
 *
 * @param source The archive.
 * @param limits Its limits.
 * @returns Its files by name, in the directory's order.
 * @throws {SyntaxError} If it is not an archive, or contradicts its directory.
 */
export function readDirectory(
  source: ByteSource,
  limits: ZipLimits = {},
): Map<string, ZipMember> {
  try {
    return new DirectoryReader(source, limits).members();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damaged(source, "all its parts must lie in it", error.message);
  }
}

interface DirectoryEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly crc: number;
  /** Offset of the member's local header. */
  readonly header: number;
}

class DirectoryReader {
  readonly #source: ByteSource;
  readonly #limits: Required<ZipLimits>;

  constructor(source: ByteSource, limits: ZipLimits) {
    this.#source = source;
    const { growth = MOST_GROWTH, members = MOST_MEMBERS } = limits;
    this.#limits = { growth, members };
  }

  members(): Map<string, ZipMember> {
    const { count, start, end } = this.#end();
    const bytes = new Uint8Array(end - start);
    this.#source.read(start, bytes);
    const view = new DataView(bytes.buffer);
    const members = new Map<string, ZipMember>();
    const seen = new Set<string>();
    const spans: { from: number; to: number; name: string }[] = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const { entry, next } = this.#entry(view, at);
      at = next;
      const { name } = entry;
      this.#checkName(name, seen);
      seen.add(name);
      const dataStart = this.#checkLocal(entry);
      spans.push({
        from: entry.header,
        to: dataStart + entry.compressedSize,
        name,
      });
      if (name.endsWith("/")) continue;
      const { size, compressedSize, method, crc } = entry;
      const isStored = method === 0;
      members.set(name, {
        name,
        size,
        compressedSize,
        isStored,
        crc,
        start: dataStart,
      });
    }
    if (at !== bytes.length) {
      this.#fail("its directory must have no more than its members", at);
    }
    this.#checkSpans(spans, start);
    this.#checkGrowth([...members.values()]);
    return members;
  }

  /** The end record, which contains the location of the directory. */
  #end(): { count: number; start: number; end: number } {
    const { size } = this.#source;
    const tail = this.#view(Math.max(0, size - 65_557), Math.min(size, 65_557));
    let at = tail.byteLength - 22;
    while (
      at >= 0 && !(tail.getUint32(at, true) === END &&
        tail.getUint16(at + 20, true) === tail.byteLength - at - 22)
    ) at--;
    if (at < 0) {
      this.#fail("it must have an end record", "none", "is it cut?");
    }
    const position = size - tail.byteLength + at;
    const disks = tail.getUint32(at + 4, true);
    let count = tail.getUint16(at + 10, true);
    let length = tail.getUint32(at + 12, true);
    let start = tail.getUint32(at + 16, true);
    let end = position;
    let countHere = tail.getUint16(at + 8, true);
    if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
      const locator = this.#view(position - 20, 20);
      if (locator.getUint32(0, true) !== LOCATOR_64) {
        this.#fail("a large archive must have its large end record", "none");
      }
      end = this.#long(locator, 8);
      const record = this.#view(end, 56);
      if (record.getUint32(0, true) !== END_64) {
        this.#fail("a large archive must have its large end record", "none");
      }
      countHere = this.#long(record, 24);
      count = this.#long(record, 32);
      length = this.#long(record, 40);
      start = this.#long(record, 48);
      if (
        record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0
      ) {
        this.#fail("it must be in one part", "several");
      }
    }
    if (disks !== 0 || countHere !== count) {
      this.#fail("it must be in one part", "several");
    }
    const { members: most } = this.#limits;
    if (count > most) {
      this.#fail(`it must have at most ${most} members`, count);
    }
    if (start + length !== end) {
      this.#fail("its directory must lie before its end record", start);
    }
    return { count, start, end };
  }

  #entry(view: DataView, at: number): { entry: DirectoryEntry; next: number } {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY) {
      this.#fail("its directory must list its members", `byte ${at}`);
    }
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength +
      view.getUint16(at + 32, true);
    if (next > view.byteLength) {
      this.#fail("its directory must list its members", `byte ${at}`);
    }
    const name = this.#text(view, at + 46, nameLength);
    const extra = new DataView(
      view.buffer,
      view.byteOffset + at + 46 + nameLength,
      extraLength,
    );
    const [size, compressedSize, header] = this.#sizes(
      [24, 20, 42].map((offset) => view.getUint32(at + offset, true)),
      extra,
    ) as [number, number, number];
    if ((flags & IS_ENCRYPTED) !== 0) {
      this.#fail(`member "${name}" must not be encrypted`, `flags ${flags}`);
    }
    if (method !== 0 && method !== 8) {
      this.#fail(
        `member "${name}" must be stored or deflated`,
        `method ${method}`,
      );
    }
    if (method === 0 && size !== compressedSize) {
      this.#fail(
        `member "${name}" must be stored in as many bytes as it has`,
        [size, compressedSize],
      );
    }
    const crc = view.getUint32(at + 16, true);
    return {
      entry: {
        name,
        flags,
        method,
        size,
        compressedSize,
        crc,
        header,
      },
      next,
    };
  }

  /** Checks that a member's local header matches the directory. */
  #checkLocal(entry: DirectoryEntry): number {
    const {
      name,
      flags,
      method,
      size,
      compressedSize,
      crc,
      header,
    } = entry;
    const head = this.#view(header, 30);
    if (head.getUint32(0, true) !== LOCAL) {
      this.#fail(`member "${name}" must be where the directory says`, header);
    }
    const nameLength = head.getUint16(26, true);
    const extraLength = head.getUint16(28, true);
    const rest = this.#view(header + 30, nameLength + extraLength);
    const localName = this.#text(rest, 0, nameLength);
    if (localName !== name) {
      this.#fail(`member "${name}" must have one name`, localName);
    }
    const agree = head.getUint16(8, true) === method &&
      ((head.getUint16(6, true) ^ flags) & (IS_ENCRYPTED | SIZES_FOLLOW)) === 0;
    const localExtra = new DataView(
      rest.buffer,
      rest.byteOffset + nameLength,
      extraLength,
    );
    const [localSize, localCompressed] = this.#sizes(
      [22, 18].map((offset) => head.getUint32(offset, true)),
      localExtra,
    );
    const sizesFollow = (flags & SIZES_FOLLOW) !== 0;
    const sizesAgree = sizesFollow ||
      (localSize === size && localCompressed === compressedSize &&
        head.getUint32(14, true) === crc);
    if (!agree || !sizesAgree) {
      this.#fail(
        `member "${name}" must be what the directory says`,
        [localSize, localCompressed],
      );
    }
    return header + 30 + nameLength + extraLength;
  }

  #checkName(name: string, seen: ReadonlySet<string>): void {
    const parts = name.replace(/\/$/, "").split("/");
    const isUnsafe = parts.some((part) => /^\.{0,2}$/.test(part)) ||
      // deno-lint-ignore no-control-regex
      /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(name);
    if (isUnsafe) this.#fail("names must be plain paths inside it", name);
    if (seen.has(name)) this.#fail("names must be unique", name);
  }

  #checkSpans(
    spans: { from: number; to: number; name: string }[],
    directory: number,
  ): void {
    spans.sort((a, b) => a.from - b.from);
    for (const [i, { to, name }] of spans.entries()) {
      if (to > (spans[i + 1]?.from ?? directory)) {
        this.#fail("members must not overlap", name);
      }
    }
  }

  #checkGrowth(members: readonly ZipMember[]): void {
    const compressed = members.filter(({ isStored }) => !isStored);
    const total = compressed.reduce((sum, { size }) => sum + size, 0);
    const most = this.#source.size + this.#limits.growth;
    if (total <= most) return;
    this.#fail(
      `its members must unpack to at most ${most} bytes`,
      total,
      "store them without compression, as Keras does",
    );
  }

  /** Sizes of which those that do not fit 32 bits are in the extra field. */
  #sizes(sizes: readonly number[], extra: DataView): number[] {
    const longs = this.#longs(extra);
    return sizes.map((size) =>
      size === 0xffffffff ? longs.shift() ?? size : size
    );
  }

  /** Reads sizes that need more than 32 bits. */
  #longs(extra: DataView): number[] {
    for (let at = 0; at + 4 <= extra.byteLength;) {
      const id = extra.getUint16(at, true);
      const length = extra.getUint16(at + 2, true);
      if (id === 1 && at + 4 + length <= extra.byteLength) {
        return Array.from(
          { length: Math.floor(length / 8) },
          (_, i) => this.#long(extra, at + 4 + 8 * i),
        );
      }
      at += 4 + length;
    }
    return [];
  }

  #long(view: DataView, at: number): number {
    const value = Number(view.getBigUint64(at, true));
    if (value > this.#source.size * 2048) {
      this.#fail("its sizes must fit the file", value);
    }
    return value;
  }

  #text(view: DataView, at: number, length: number): string {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      this.#fail("names must be UTF-8", [...bytes]);
    }
  }

  #view(position: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    this.#source.read(position, bytes);
    return new DataView(bytes.buffer);
  }

  #fail(rule: string, value: unknown, hint?: string): never {
    throw damaged(this.#source, rule, value, hint);
  }
}

/** Creates the error for an invalid archive. */
export const damaged: Unreadable = unreadable("zip");
