/**
 * The storage of a dataset's values: in its header, in one range, or in chunks
 * that are listed by one of six index types.
 *
 * Source: The HDF Group, "HDF5 File Format Specification", version 3.0, IV.A.2.i
 * and VII.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import type { Cursor, Hdf5Bytes } from "./_hdf5_bytes.ts";
import { leaves1, records2 } from "./_hdf5_trees.ts";
import type { Space } from "./_hdf5_types.ts";

/** A chunk in the file. */
export interface Chunk {
  /** Its index along each axis. */
  readonly index: readonly number[];
  readonly at: number;
  /** Bytes in the file. */
  readonly length: number;
  /** Filters that were skipped, one bit each. */
  readonly mask: number;
}

/** How the values of a dataset are stored. */
export type Layout =
  | { readonly kind: "inside"; readonly data: Uint8Array<ArrayBuffer> }
  | {
    readonly kind: "whole";
    readonly at: number | undefined;
    readonly length: number;
  }
  | {
    readonly kind: "chunks";
    /** Sizes of a chunk; the last one is the element size. */
    readonly sizes: readonly number[];
    /** Whether partial edge chunks are not filtered. */
    readonly isEdgePlain: boolean;
    readonly list: (dataset: ChunkedDataset) => Iterable<Chunk>;
  };

/** Context for reading an index. */
export interface ChunkedDataset {
  readonly space: Space;
  readonly isFiltered: boolean;
}

const CHUNK_RECORDS = [10, 11];
/** Header bytes of array blocks: signature, version, kind, owner. */
const PREFIX = 14;
const SUM = 4;

/** Reads the layout of values; indexes are read when chunks are listed. */
export function readLayout(
  file: Hdf5Bytes,
  cursor: Cursor,
  chunkKeys: number,
): Layout {
  const version = cursor.u8();
  if (version < 3 || version > 5) {
    file.fail("values must be laid out as version 3 to 5", version);
  }
  const kind = cursor.u8();
  if (kind === 0) return { kind: "inside", data: cursor.take(cursor.u16()) };
  if (kind === 1) {
    return { kind: "whole", at: cursor.address(), length: cursor.u64() };
  }
  if (kind !== 2) file.fail("values must be laid out in a known way", kind);
  if (version > 3) return readChunks(file, cursor);
  const axes = cursor.u8();
  const tree = cursor.address();
  const sizes = Array.from({ length: axes }, () => cursor.u32());
  const list = () =>
    tree === undefined ? [] : tree1(file, tree, sizes, chunkKeys);
  return { kind: "chunks", sizes, isEdgePlain: false, list };
}

/** The newer layout, with several index types. */
function readChunks(file: Hdf5Bytes, cursor: Cursor): Layout {
  const flags = cursor.u8();
  const axes = cursor.u8();
  const width = cursor.u8();
  const sizes = Array.from({ length: axes }, () => cursor.uint(width));
  const chunkBytes = sizeOf(sizes);
  const index = cursor.u8();
  const isOneFiltered = index === 1 && (flags & 2) !== 0;
  const one = isOneFiltered
    ? { length: cursor.u64(), mask: cursor.u32() }
    : { length: chunkBytes, mask: 0 };
  cursor.skip([0, 0, 0, 1, 5, 6][index] ?? 0); // repeated at the index
  const at = cursor.address();
  const list = ({ space, isFiltered }: ChunkedDataset): Iterable<Chunk> => {
    if (at === undefined) return [];
    const rank = space.shape.length;
    const form = { chunkBytes, isFiltered };
    const indexOf = indexOrder(space, sizes, index === 4);
    switch (index) {
      case 1:
        return [{ ...one, at, index: Array<number>(rank).fill(0) }];
      case 2:
        return implicit(file, at, chunkBytes, indexOf);
      case 3:
        return numbered(fixedArray(file, at, form), indexOf);
      case 4:
        return numbered(extensibleArray(file, at, form), indexOf);
      case 5:
        return tree2(file, at, form, rank);
      default:
        return file.fail("chunks must be listed in a known way", index);
    }
  };
  return { kind: "chunks", sizes, isEdgePlain: (flags & 1) !== 0, list };
}

function* tree1(
  file: Hdf5Bytes,
  at: number,
  sizes: readonly number[],
  half: number,
): Generator<Chunk> {
  const keySize = 8 + 8 * sizes.length;
  for (const { key, child } of leaves1(file, at, { kind: 1, keySize, half })) {
    const length = key.u32();
    const mask = key.u32();
    const index = sizes.map((size) => key.u64() / size);
    if (index.pop() !== 0) file.fail("chunks must hold whole elements", index);
    yield { index, at: child, length, mask };
  }
}

function* tree2(
  file: Hdf5Bytes,
  at: number,
  form: Form,
  rank: number,
): Generator<Chunk> {
  for (const record of records2(file, at, CHUNK_RECORDS)) {
    const entry = readEntry(record, record.bytes.length - 8 * rank, form);
    const index = Array.from({ length: rank }, () => record.u64());
    if (entry !== undefined) yield { ...entry, index };
  }
}

/** Contiguous chunks without filters. */
function* implicit(
  file: Hdf5Bytes,
  at: number,
  length: number,
  indexOf: (number: number) => number[],
): Generator<Chunk> {
  for (let i = 0; at + (i + 1) * length <= file.size; i++) {
    const index = indexOf(i);
    if (index.some(Number.isNaN)) return;
    yield { index, at: at + i * length, length, mask: 0 };
  }
}

/** Chunks by their numbers. */
function* numbered(
  entries: Iterable<Entry | Missing>,
  indexOf: (number: number) => number[],
): Generator<Chunk> {
  let number = 0;
  for (const entry of entries) {
    if (typeof entry === "number") number += entry;
    else yield { ...entry, index: indexOf(number++) };
  }
}

/**
 * Returns a function from the number of a chunk to its index along each axis.
 * Chunks are numbered in row-major order over the maximum sizes of the axes; an
 * extensible array counts its unlimited axis first. NaN is beyond the end.
 */
function indexOrder(
  { most }: Space,
  sizes: readonly number[],
  isExtensible: boolean,
): (number: number) => number[] {
  const order = most.map((_, axis) => axis);
  const unlimited = most.indexOf(Infinity);
  if (isExtensible && unlimited > 0) {
    order.splice(unlimited, 1);
    order.unshift(unlimited);
  }
  const counts = most.map((size, axis) => Math.ceil(size / sizes[axis]!));
  return (number) => {
    const index = counts.map(() => NaN);
    let rest = number;
    for (const axis of order.toReversed()) {
      const count = counts[axis]!;
      index[axis] = count === Infinity ? rest : rest % count;
      rest = count === Infinity ? 0 : Math.floor(rest / count);
    }
    return rest === 0 ? index : counts.map(() => NaN);
  };
}

/** The encoding of chunk locations in array entries and tree records. */
interface Form {
  readonly chunkBytes: number;
  readonly isFiltered: boolean;
}

type Entry = Omit<Chunk, "index">;
/**
 * How many chunks are missing. They are not listed one by one: a few bytes can
 * stand for 2^40 of them.
 */
type Missing = number;

/** Reads the location of a chunk, if it is stored. */
function readEntry(
  cursor: Cursor,
  size: number,
  { chunkBytes, isFiltered }: Form,
): Entry | undefined {
  const at = cursor.address();
  const length = isFiltered ? cursor.uint(size - 12) : chunkBytes;
  const mask = isFiltered ? cursor.u32() : 0;
  return at === undefined ? undefined : { at, length, mask };
}

function* fixedArray(
  file: Hdf5Bytes,
  at: number,
  form: Form,
): Generator<Entry | Missing> {
  const head = file.block(at, 28, "FAHD").skip(2);
  const size = head.u8();
  const pageLength = 2 ** head.u8();
  const count = head.u64();
  const data = head.address();
  if (data === undefined) return;
  if (count * size > file.size) {
    file.fail("a list of chunks must lie in the file", count);
  }
  yield* elements(file, data, "FADB", {
    prefix: PREFIX,
    count,
    pageLength,
    size,
  }, form);
}

/** The layout of an array block. */
interface Elements {
  /** Bytes before the elements, or before the pages' bits. */
  readonly prefix: number;
  readonly count: number;
  /** Elements per page; a larger block is split into pages. */
  readonly pageLength: number;
  /** Bytes of an element. */
  readonly size: number;
  /** Whether a page is used, if the block does not contain this. */
  readonly isUsed?: ((page: number) => boolean) | undefined;
}

function* elements(
  file: Hdf5Bytes,
  at: number,
  letters: string,
  { prefix, count, pageLength, size, isUsed }: Elements,
  form: Form,
): Generator<Entry | Missing> {
  if (count <= pageLength) {
    const length = prefix + count * size + SUM;
    const block = file.block(at, length, letters).skip(prefix - 4);
    for (let i = 0; i < count; i++) yield readEntry(block, size, form) ?? 1;
    return;
  }
  const numPages = Math.ceil(count / pageLength);
  const bits = isUsed === undefined ? Math.ceil(numPages / 8) : 0;
  const block = file.block(at, prefix + bits + SUM, letters).skip(prefix - 4);
  const pageBits = block.take(bits);
  let next = at + prefix + bits + SUM;
  for (let page = 0; page < numPages; page++) {
    const inPage = Math.min(pageLength, count - page * pageLength);
    const length = inPage * size + SUM;
    const isThere = isUsed?.(page) ?? hasBit(pageBits, page);
    if (isThere) {
      const cursor = file.read(next, length, "a page");
      file.checkSum(cursor);
      for (let i = 0; i < inPage; i++) yield readEntry(cursor, size, form) ?? 1;
    } else yield inPage;
    next += length;
  }
}

/**
 * An extensible array: a block of pointers to blocks, and to blocks of
 * pointers.
 */
function* extensibleArray(
  file: Hdf5Bytes,
  at: number,
  form: Form,
): Generator<Entry | Missing> {
  const head = file.block(at, 72, "EAHD").skip(2);
  const size = head.u8();
  const bits = head.u8();
  const numInside = head.u8();
  const least = head.u8();
  const leastPointers = head.u8();
  const pageLength = 2 ** head.u8();
  const root = head.skip(6 * 8).address();
  const isSound = bits <= 64 &&
    [least, leastPointers].every((n) =>
      n > 0 && Number.isInteger(Math.log2(n))
    );
  if (!isSound) file.fail("a list of chunks must be sound", [bits, least]);
  if (root === undefined) return;
  const numSupers = 1 + bits - Math.log2(least);
  const numDirect = 2 * Math.log2(leastPointers);
  const pointers = 2 * (leastPointers - 1) + numSupers - numDirect;
  const length = PREFIX + numInside * size + 8 * pointers + SUM;
  const block = file.block(root, length, "EAIB").skip(PREFIX - 4);
  for (let i = 0; i < numInside; i++) yield readEntry(block, size, form) ?? 1;
  const prefix = PREFIX + Math.ceil(bits / 8);
  for (let level = 0; level < numSupers; level++) {
    const numBlocks = 2 ** Math.floor(level / 2);
    const count = least * 2 ** Math.ceil(level / 2);
    const isPaged = count > pageLength;
    const pageBits = isPaged ? Math.ceil(count / pageLength / 8) : 0;
    let pointers = block;
    let bits: Uint8Array | undefined;
    if (level >= numDirect) {
      const at = block.address();
      if (at === undefined) return; // nor any later one
      const length = prefix + numBlocks * pageBits + 8 * numBlocks + SUM;
      pointers = file.block(at, length, "EASB").skip(prefix - 4);
      bits = pointers.take(numBlocks * pageBits);
    }
    for (let i = 0; i < numBlocks; i++) {
      const at = pointers.address();
      if (at === undefined) {
        yield count;
        continue;
      }
      const first = i * count / pageLength; // bits continue from block to block
      const isUsed = bits && ((page: number) => hasBit(bits, first + page));
      const data = { prefix, count, pageLength, size, isUsed };
      yield* elements(file, at, "EADB", data, form);
    }
  }
}

/** Whether a bit is set; the first one is the most significant of its byte. */
function hasBit(bytes: Uint8Array, index: number): boolean {
  return (bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
}
