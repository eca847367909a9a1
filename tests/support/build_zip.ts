/**
 * Zip archives byte by byte, valid ones and ones with false headers.
 *
 * @module
 */
import { crc32, deflateRawSync } from "node:zlib";

/** A member, and what to write of it instead of the truth. */
export interface BuiltMember {
  readonly name: string;
  readonly data?: Uint8Array;
  readonly isDeflated?: boolean;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly localName?: string;
  readonly localSize?: number;
  /** Where the directory says it is. */
  readonly offset?: number;
}

/** What to write of the archive instead of the truth. */
export interface BuiltArchive {
  readonly count?: number;
  readonly disk?: number;
  readonly comment?: string;
  readonly isLarge?: boolean;
}

/**
 * Writes an archive.
 *
 * @param members Its members, in order.
 * @param archive False values to write into its headers.
 * @returns Its bytes.
 */
export function buildZip(
  members: readonly BuiltMember[],
  archive: BuiltArchive = {},
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const put = (part: Uint8Array) => {
    parts.push(part);
    at += part.length;
  };
  for (const member of members) {
    const { name, data = new Uint8Array(), isDeflated = false } = member;
    const packed = isDeflated ? deflateRawSync(data) : data;
    const method = member.method ?? (isDeflated ? 8 : 0);
    const common = (size: number): Field[] => [
      [2, 20],
      [2, member.flags ?? 0],
      [2, method],
      [4, 0],
      [4, member.crc ?? crc32(data)],
      [4, packed.length],
      [4, size],
    ];
    const size = member.size ?? data.length;
    const localName = text(member.localName ?? name);
    const start = at;
    put(fields([
      [4, 0x04034b50],
      ...common(member.localSize ?? size),
      [2, localName.length],
      [2, 0],
    ]));
    put(localName);
    put(packed);
    directory.push(
      fields([
        [4, 0x02014b50],
        [2, 20],
        ...common(size),
        [2, text(name).length],
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, member.offset ?? start],
      ]),
      text(name),
    );
  }
  const start = at;
  directory.forEach(put);
  const length = at - start;
  const count = archive.count ?? members.length;
  if (archive.isLarge) {
    const end = at;
    put(fields([
      [4, 0x06064b50],
      [8, 44],
      [2, 45],
      [2, 45],
      [4, 0],
      [4, 0],
      [8, count],
      [8, count],
      [8, length],
      [8, start],
    ]));
    put(fields([[4, 0x07064b50], [4, 0], [8, end], [4, 1]]));
  }
  const comment = text(archive.comment ?? "");
  put(fields([
    [4, 0x06054b50],
    [2, archive.disk ?? 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, archive.isLarge ? 0xffffffff : length],
    [4, archive.isLarge ? 0xffffffff : start],
    [2, comment.length],
  ]));
  put(comment);
  const bytes = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    bytes.set(part, to);
    to += part.length;
  }
  return bytes;
}

/**
 * Text as UTF-8.
 *
 * @param value The text.
 * @returns Its bytes.
 */
export function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

type Field = readonly [bytes: 2 | 4 | 8, value: number];

function fields(list: readonly Field[]): Uint8Array {
  const total = list.reduce((sum, [bytes]) => sum + bytes, 0);
  const view = new DataView(new ArrayBuffer(total));
  let at = 0;
  for (const [bytes, value] of list) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}
