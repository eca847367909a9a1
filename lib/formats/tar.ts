/**
 * Tar archives, read in place: the locations of their files. Links, devices and
 * other special entries are ignored.
 *
 * Source: POSIX.1-2017, "pax", ustar and pax interchange formats; GNU tar's long
 * names.
 *
 * @module
 */
import { type ByteSource, unreadable } from "./byte_source.ts";

const bad = unreadable("tar");

/** A file in an archive. */
export interface TarMember {
  /** Its path in the archive. */
  readonly name: string;
  /** Offset of its bytes. */
  readonly start: number;
  /** Number of bytes. */
  readonly size: number;
}

const BLOCK = 512;
const MOST_NAME = 65_536;

/**
 * Lists the files of an archive.
 *
 * @param source The archive.
 * @returns Its files, in order; of two with the same name the later one, as
 * when unpacked by tar.
 * @throws {SyntaxError} If it is not an archive, is damaged, or a path leaves
 * it.
 */
export function tarMembers(source: ByteSource): Map<string, TarMember> {
  const members = new Map<string, TarMember>();
  const header = new Uint8Array(BLOCK);
  let longName: string | undefined;
  let pax: Readonly<Record<string, string>> = {};
  let at = 0;
  while (at + BLOCK <= source.size) {
    source.read(at, header);
    if (header.every((byte) => byte === 0)) return members;
    checkSum(source, header, at);
    const kind = String.fromCharCode(header[156]!);
    const size = Number(pax.size ?? numberAt(source, header, 124, 12));
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > source.size) {
      throw bad(source, "all its files must lie in it", size, "is it cut?");
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "L") longName = textOf(source, start, size);
    else if (kind === "x") pax = recordsOf(textOf(source, start, size));
    else if (kind !== "g") {
      const name = pax.path ?? longName ?? nameOf(header);
      [longName, pax] = [undefined, {}];
      if (kind !== "0" && kind !== "\0" && kind !== "7") continue;
      if (name.endsWith("/")) continue; // a folder, in the oldest archives
      const plain = plainName(source, name);
      members.delete(plain);
      members.set(plain, { name: plain, start, size });
    }
  }
  if (members.size === 0) {
    throw bad(source, "it must begin with a file", `${source.size} bytes`);
  }
  return members;
}

function plainName(source: ByteSource, name: string): string {
  const plain = name.replace(/^(\.\/)+/, "");
  const isUnsafe = plain.split("/").some((part) => /^\.{0,2}$/.test(part)) ||
    // deno-lint-ignore no-control-regex
    /[\\\u0000-\u001f\u007f]/.test(plain);
  if (isUnsafe) throw bad(source, "names must be plain paths inside it", name);
  return plain;
}

/** The checksum counts its own field as spaces. */
function checkSum(source: ByteSource, header: Uint8Array, at: number): void {
  let sum = 8 * 32;
  header.forEach((byte, i) => sum += i >= 148 && i < 156 ? 0 : byte);
  const stored = numberAt(source, header, 148, 8);
  if (sum === stored) return;
  const rule = `the header at byte ${at} must have checksum ${stored}`;
  throw bad(source, rule, sum, "is it a tar archive, and not compressed?");
}

/** Octal digits, or base 256 if the first bit is set. */
function numberAt(
  source: ByteSource,
  header: Uint8Array,
  at: number,
  length: number,
): number {
  const field = header.subarray(at, at + length);
  if ((field[0]! & 0x80) !== 0) {
    return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  const text = String.fromCharCode(...field).replace(/[\0 ]+$/, "").trim();
  if (/^[0-7]*$/.test(text)) return parseInt(text || "0", 8);
  const hint = "is it a tar archive, and not compressed?";
  throw bad(source, "its headers must hold octal numbers", text, hint);
}

function nameOf(header: Uint8Array): string {
  const text = (at: number, length: number) => {
    const field = header.subarray(at, at + length);
    const end = field.indexOf(0);
    return decode(end < 0 ? field : field.subarray(0, end));
  };
  const isUstar = text(257, 5) === "ustar";
  // GNU tar stores times where others store the path prefix.
  const isGnu = header[263] === 32;
  const prefix = isUstar && !isGnu ? text(345, 155) : "";
  return prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

function textOf(source: ByteSource, start: number, size: number): string {
  if (size > MOST_NAME) throw bad(source, "its names must be short", size);
  const bytes = new Uint8Array(size);
  source.read(start, bytes);
  return decode(bytes).replace(/\0+$/, "");
}

/** Records `LENGTH KEY=VALUE\n`; lengths are in bytes. */
function recordsOf(text: string): Record<string, string> {
  const records: Record<string, string> = {};
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(32, at);
    const length = Number(decode(bytes.subarray(at, space)));
    if (space < 0 || !(length > 0)) break;
    const record = decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
