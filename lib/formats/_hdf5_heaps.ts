/**
 * The heaps of HDF5: strings of variable length, members of large groups, and
 * attributes of objects with many attributes.
 *
 * @module
 */
import { Cursor, type Hdf5Bytes, padded } from "./_hdf5_bytes.ts";
import { records2, widthOf } from "./_hdf5_trees.ts";

const COLLECTION = 16;
const HUGE_RECORDS = [1];

/** The objects of a global heap, by number. */
export function globalHeap(
  file: Hdf5Bytes,
  at: number,
): ReadonlyMap<number, Uint8Array<ArrayBuffer>> {
  const size = file.peek(at, COLLECTION, "strings").skip(8).u64();
  const heap = file.block(at, size, "GCOL", null).skip(COLLECTION - 4);
  const objects = new Map<number, Uint8Array<ArrayBuffer>>();
  while (heap.left >= COLLECTION) {
    const index = heap.u16();
    if (index === 0) break; // the rest is free
    const length = heap.skip(6).u64();
    if (objects.has(index)) {
      file.fail("strings must have unique numbers", index);
    }
    objects.set(index, heap.take(length));
    heap.skip(padded(length) - length);
  }
  return objects;
}

/** A block of a fractal heap: its address, and the heap's offset there. */
interface Block {
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

/** A fractal heap: objects by an id that encodes their location. */
export class FractalHeap {
  readonly #file: Hdf5Bytes;
  readonly #at: number;
  readonly #head: ReturnType<typeof readHead>;
  readonly #direct: Block[] = [];
  readonly #blocks = new Map<number, Cursor>();
  #huge: Map<number, { at: number; length: number }> | undefined;

  constructor(file: Hdf5Bytes, at: number) {
    this.#file = file;
    this.#at = at;
    this.#head = readHead(file, at);
    const { root, rows, start } = this.#head;
    if (root === undefined) return;
    if (rows === 0) this.#direct.push({ at: root, offset: 0, size: start });
    else this.#indirect(root, 0, rows);
  }

  /** An object by its id. */
  object(id: Uint8Array): Cursor {
    return new Cursor(this.#object(id), this.#file, "an object of a heap");
  }

  #object(id: Uint8Array): Uint8Array<ArrayBuffer> {
    const { offsetSize, lengthSize } = this.#head;
    const kind = id[0]! >> 4;
    if (kind === 0) {
      const offset = numberOf(id, 1, offsetSize);
      const length = numberOf(id, 1 + offsetSize, lengthSize);
      return this.#managed(offset, length);
    }
    if (kind === 1) return this.#hugeObject(numberOf(id, 1, id.length - 1));
    if (kind === 2 && this.#head.idSize <= 18) {
      return Uint8Array.from(id.subarray(1, 2 + (id[0]! & 15)));
    }
    return this.#file.fail("objects of a heap must be of a known kind", kind);
  }

  #managed(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const block = this.#direct.find((block) =>
      block.offset <= offset && offset + length <= block.offset + block.size
    );
    if (block === undefined) {
      return this.#file.fail("objects must lie in their heap", offset);
    }
    const { hasSums, offsetSize } = this.#head;
    let data = this.#blocks.get(block.at);
    if (data === undefined) {
      data = this.#file.block(block.at, block.size, "FHDB", null);
      this.#blocks.set(block.at, data);
      this.#checkOwner(data, block.offset);
      if (hasSums) this.#checkDirect(data, 13 + offsetSize);
    }
    const from = offset - block.offset;
    return data.bytes.subarray(from, from + length);
  }

  /** Checks a checksum within the block, which counts as zero. */
  #checkDirect({ bytes, what }: Cursor, at: number): void {
    const copy = new Uint8Array(bytes.length + 4);
    copy.set(bytes);
    copy.fill(0, at, at + 4);
    copy.set(bytes.subarray(at, at + 4), bytes.length);
    this.#file.checkSum({ bytes: copy, what });
  }

  #indirect(at: number, offset: number, rows: number): void {
    const { width, start, directRows, offsetSize } = this.#head;
    const file = this.#file;
    if (rows > 64) file.fail("a heap must have at most 64 rows", rows);
    const length = 13 + offsetSize + 8 * rows * width + 4;
    const block = file.block(at, length, "FHIB");
    this.#checkOwner(block, offset);
    let next = offset;
    for (let row = 0; row < rows; row++) {
      const size = row === 0 ? start : start * 2 ** (row - 1);
      for (let column = 0; column < width; column++, next += size) {
        const child = block.address();
        if (child === undefined) continue;
        if (row < directRows) {
          this.#direct.push({ at: child, offset: next, size });
        } else {
          const rowsBelow = Math.log2(size) - Math.log2(start * width) + 1;
          this.#indirect(child, next, rowsBelow);
        }
      }
    }
  }

  /** Checks that a block belongs to the heap, at its offset. */
  #checkOwner(block: Cursor, offset: number): void {
    const found = [block.u8(), block.u64(), block.uint(this.#head.offsetSize)];
    const isSound = found[0] === 0 && found[1] === this.#at &&
      found[2] === offset;
    if (!isSound) this.#file.fail("blocks must belong to their heap", found);
  }

  #hugeObject(key: number): Uint8Array<ArrayBuffer> {
    const file = this.#file;
    const { hugeTree } = this.#head;
    if (this.#huge === undefined) {
      this.#huge = new Map();
      const records = hugeTree === undefined
        ? []
        : records2(file, hugeTree, HUGE_RECORDS);
      for (const record of records) {
        const [at, length] = [record.u64(), record.u64()];
        this.#huge.set(record.u64(), { at, length });
      }
    }
    const { at, length } = this.#huge.get(key) ??
      file.fail("large objects must be there", key);
    return file.read(at, length, "a large object").bytes;
  }
}

function readHead(file: Hdf5Bytes, at: number) {
  const head = file.block(at, 146, "FRHP");
  const version = head.u8();
  const idSize = head.u16();
  const filters = head.u16();
  const hasSums = (head.u8() & 2) !== 0;
  const mostManaged = head.u32();
  const hugeTree = head.skip(8).address();
  head.skip(10 * 8); // sizes and counts
  const width = head.u16();
  const start = head.u64();
  const mostDirect = head.u64();
  const bits = head.u16();
  head.skip(2); // rows at the start
  const root = head.address();
  const rows = head.u16();
  if (version !== 0 || filters !== 0) {
    file.fail("heaps must have no filters", [version, filters]);
  }
  const isSound = width > 0 && width <= 1024 && bits <= 64 &&
    [start, mostDirect].every((n) => n > 0 && Number.isInteger(Math.log2(n)));
  if (!isSound) file.fail("a heap must be sound", [width, start, mostDirect]);
  const directBits = Math.log2(mostDirect);
  return {
    ...{ idSize, hasSums, hugeTree, width, start, root, rows },
    offsetSize: Math.ceil(bits / 8),
    lengthSize: Math.min(Math.ceil(directBits / 8), widthOf(mostManaged)),
    directRows: directBits - Math.log2(start) + 2,
  };
}

function numberOf(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at + width - 1; i >= at; i--) value = value * 256 + bytes[i]!;
  return value;
}
