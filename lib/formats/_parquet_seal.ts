/**
 * Checksums of a Parquet file, between its row groups and its footer, where
 * readers ignore them, because they use the offsets in the footer.
 *
 * The library that reads Parquet crashes the process at some damaged files, so
 * it must only see verified bytes.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { cannot } from "../check.ts";
import type { ByteSink } from "./byte_sink.ts";
import type { ByteSource } from "./byte_source.ts";

/** Number of bytes per checksum. */
const BLOCK = 2 ** 20;
/** "SNDC": checksums of Sonde. */
const MAGIC = 0x43444e53;
/** Length of the footer, and Parquet's magic bytes. */
const END = 8;
/**
 * Checksum of the footer and of the checksums, their number, and the magic
 * bytes.
 */
const SEAL = 16;

/**
 * Adds checksums to a file.
 *
 * @param sink The complete file.
 */
export function sealParquet(sink: ByteSink): void {
  const size = sink.position;
  const end = new Uint8Array(END);
  sink.read(size - END, end);
  const length = new DataView(end.buffer).getUint32(0, true) + END;
  const footer = new Uint8Array(length);
  sink.read(size - length, footer);
  const count = Math.ceil((size - length) / BLOCK);
  const sums = new Uint32Array(count);
  const buffer = new Uint8Array(BLOCK);
  for (let i = 0; i < count; i++) {
    const block = buffer.subarray(
      0,
      Math.min(BLOCK, size - length - i * BLOCK),
    );
    sink.read(i * BLOCK, block);
    sums[i] = crc32(block);
  }
  const bytes = new Uint8Array(4 * count + SEAL + length);
  bytes.set(new Uint8Array(sums.buffer));
  bytes.set(footer, 4 * count + SEAL);
  const view = new DataView(bytes.buffer, 4 * count, SEAL);
  view.setUint32(0, crc32(footer), true);
  view.setUint32(4, crc32(bytes.subarray(0, 4 * count)), true);
  view.setUint32(8, count, true);
  view.setUint32(12, MAGIC, true);
  sink.patch(size - length, bytes);
}

/**
 * Opens a file whose bytes are verified before they are read.
 *
 * @param source The file.
 * @returns A source that verifies each range.
 * @throws {SyntaxError} If it has no checksums, or its footer was changed.
 */
export function sealedSource(source: ByteSource): ByteSource {
  const { name, size } = source;
  const tail = (length: number, behind: number) => {
    if (length < 0 || length + behind > size) throw damaged(source, size);
    const bytes = new Uint8Array(length);
    source.read(size - behind - length, bytes);
    return bytes;
  };
  const end = tail(END, 0);
  const length = new DataView(end.buffer).getUint32(0, true) + END;
  const footer = tail(length, 0);
  const seal = new DataView(tail(SEAL, length).buffer);
  const count = seal.getUint32(8, true);
  const sums = tail(4 * count, SEAL + length);
  const isWhole = seal.getUint32(12, true) === MAGIC &&
    seal.getUint32(0, true) === crc32(footer) &&
    seal.getUint32(4, true) === crc32(sums);
  if (!isWhole) throw damaged(source, "other checksums, or none");
  const expected = new Uint32Array(sums.buffer);
  const dataEnd = size - length - SEAL - 4 * count;
  const seen = new Uint8Array(count);
  const check = (index: number) => {
    if (seen[index] !== 0) return;
    const start = index * BLOCK;
    const block = new Uint8Array(Math.min(BLOCK, dataEnd - start));
    source.read(start, block);
    const sum = crc32(block);
    if (sum !== expected[index]) throw damaged(source, sum.toString(16));
    seen[index] = 1;
  };
  return {
    name,
    size,
    read(position, into) {
      const last = Math.min(dataEnd, position + into.length) - 1;
      for (let at = position; at <= last; at += BLOCK) {
        check(Math.floor(at / BLOCK));
      }
      if (last >= position) check(Math.floor(last / BLOCK));
      source.read(position, into);
    },
    close: () => source.close(),
  };
}

function damaged({ name }: ByteSource, value: unknown): SyntaxError {
  const rule = "it must have the checksums with which Sonde wrote it";
  const hint =
    "it was cut or changed: write it again; read a file of another " +
    "program with table()";
  return new SyntaxError(cannot(`read Parquet "${name}"`, rule, value, hint));
}
