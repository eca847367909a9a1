/**
 * The structure of an HDF5 file without checksums, read a second time.
 *
 * What the library makes of a file is believed only if this finds the same,
 * and if every byte of the file is then accounted for. Files whose structure
 * has checksums (HDF5's later format) need no such look.
 *
 * Source: The HDF Group, "HDF5 File Format Specification", version 3.0.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";
import { Hdf5Ledger } from "./_hdf5_ledger.ts";
import {
  checkFilters,
  type Layout,
  type Message,
  MESSAGES,
  padded,
  readAttribute,
  readLayout,
  readSpace,
  readType,
} from "./_hdf5_messages.ts";

/** A dataset, as the structure has it. */
export interface StructureDataset {
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly size: number;
  /** Where the values lie, if they lie in one piece. */
  readonly at: number | undefined;
}

/** What the structure holds. */
export interface Structure {
  readonly datasets: ReadonlyMap<string, StructureDataset>;
  readonly groups: ReadonlySet<string>;
}

const NUMBERS: Readonly<Record<string, number>> = MESSAGES;
const KNOWN = new Set(Object.values(NUMBERS));
const ENTRY = 40;
const MOST_LEVELS = 64;
const NO_BLOCK = 1;

/**
 * Reads the structure of a file whose structure has no checksums.
 *
 * @param source The file.
 * @returns What it holds; undefined if its structure has checksums.
 * @throws {SyntaxError} If it is damaged, or not all of it is accounted for.
 */
export function readStructure(source: ByteSource): Structure | undefined {
  const ledger = new Hdf5Ledger(source);
  const head = ledger.peek(0, 9, "the superblock");
  if (head.getUint8(8) >= 2) return undefined;
  try {
    return new StructureReader(ledger, source.size).read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return ledger.fail("its parts must be whole", error.message); // a view's
  }
}

class StructureReader {
  readonly #ledger: Hdf5Ledger;
  readonly #size: number;
  readonly #datasets = new Map<string, StructureDataset>();
  readonly #groups = new Set<string>();
  /** Texts that attributes have, by heap: number and length. */
  readonly #texts = new Map<number, Map<number, number>>();
  #leafKeys = 0;
  #groupKeys = 0;
  #chunkKeys = 32;

  constructor(ledger: Hdf5Ledger, size: number) {
    this.#ledger = ledger;
    this.#size = size;
  }

  read(): Structure {
    const root = this.#superblock();
    this.#object(root, "", 0);
    for (const [heap, texts] of this.#texts) this.#textHeap(heap, texts);
    this.#ledger.settle(this.#size);
    return { datasets: this.#datasets, groups: this.#groups };
  }

  /** Gives the root's entry. */
  #superblock(): DataView<ArrayBuffer> {
    const ledger = this.#ledger;
    const version = ledger.peek(8, 1, "the superblock").getUint8(0);
    const start = version === 0 ? 24 : 28;
    const length = start + 32 + ENTRY;
    const view = ledger.read(0, length, "the superblock");
    const known: readonly (readonly [number, number])[] = [
      ...[[9, 0], [10, 0], [12, 0], [13, 8], [14, 8]] as const,
    ];
    for (const [at, value] of known) {
      const found = view.getUint8(at);
      if (found !== value) ledger.fail("the superblock must be known", found);
    }
    this.#leafKeys = view.getUint16(16, true);
    this.#groupKeys = view.getUint16(18, true);
    if (version === 1) this.#chunkKeys = view.getUint16(24, true);
    const base = ledger.long(view, start, "the base");
    const end = ledger.long(view, start + 16, "the end");
    const free = ledger.address(view, start + 8, "free space");
    const driver = ledger.address(view, start + 24, "the driver");
    if (base !== 0 || free !== undefined || driver !== undefined) {
      ledger.fail("it must be one file", [base, free, driver]);
    }
    if (end !== this.#size) {
      ledger.fail(`it must have ${end} bytes, as it says`, this.#size);
    }
    return new DataView(view.buffer, start + 32, ENTRY);
  }

  /** A group or a dataset, by its entry in a group. */
  #object(entry: DataView<ArrayBuffer>, path: string, level: number): void {
    const ledger = this.#ledger;
    if (level > MOST_LEVELS) ledger.fail("groups must not nest so deep", path);
    const at = ledger.long(entry, 8, `"${path}"`);
    const messages = this.#header(at, path);
    const one = (type: number) => {
      const found = messages.filter((message) => message.type === type);
      if (found.length > 1) ledger.fail(`"${path}" must say all once`, type);
      return found[0]?.view;
    };
    for (const { type, view } of messages) {
      if (type !== MESSAGES.attribute) continue;
      readAttribute(ledger, view).forEach((text) => this.#text(text));
    }
    const table = one(MESSAGES.table);
    if (table === undefined) this.#dataset(one, path);
    else {
      const tree = ledger.long(table, 0, "a tree");
      const heap = ledger.long(table, 8, "a heap");
      const isCached = entry.getUint32(16, true) === 1;
      const agrees = ledger.address(entry, 24, "a tree") === tree &&
        ledger.address(entry, 32, "a heap") === heap;
      if (isCached && !agrees) {
        ledger.fail(`"${path}" must have one list of its members`, tree);
      }
      for (const type of [MESSAGES.layout, MESSAGES.space, MESSAGES.type]) {
        if (one(type) !== undefined) ledger.fail("a group has no values", path);
      }
      this.#groups.add(path);
      this.#group(tree, heap, path, level);
    }
  }

  /** All messages of an object's header, wherever they stand. */
  #header(at: number, path: string): Message[] {
    const ledger = this.#ledger;
    const what = `the header of "${path}"`;
    const head = ledger.read(at, 16, what);
    if (head.getUint8(0) !== 1) {
      ledger.fail(`${what} must be of version 1`, head.getUint8(0));
    }
    const count = head.getUint16(2, true);
    const messages: Message[] = [];
    const blocks = [{ from: at + 16, length: head.getUint32(8, true) }];
    for (const { from, length } of blocks) {
      const block = ledger.read(from, length, what);
      let next = 0;
      while (next < length) {
        const type = block.getUint16(next, true);
        const size = block.getUint16(next + 2, true);
        const flags = block.getUint8(next + 4);
        const view = new DataView(block.buffer, next + 8, size);
        next += 8 + size;
        if ((flags & 2) !== 0 || !KNOWN.has(type)) {
          ledger.fail(`${what} must say what Keras says`, [type, flags]);
        }
        messages.push({ type, view });
        if (type !== MESSAGES.more) continue;
        blocks.push({
          from: ledger.long(view, 0, what),
          length: ledger.long(view, 8, what),
        });
      }
    }
    if (messages.length !== count) {
      ledger.fail(`${what} must have ${count} messages`, messages.length);
    }
    return messages;
  }

  #group(tree: number, heapAt: number, path: string, level: number): void {
    const ledger = this.#ledger;
    const heap = ledger.read(heapAt, 32, `names in "${path}"`);
    this.#sign(heap, "HEAP");
    const length = ledger.long(heap, 8, "names");
    const names = ledger.read(
      ledger.long(heap, 24, "names"),
      length,
      `names in "${path}"`,
    );
    const used = new Uint8Array(length / 8);
    used[0] = 1; // the empty name
    this.#markFree(heap, names, used);
    let last: string | undefined;
    for (const entry of this.#entries(tree)) {
      const offset = ledger.long(entry, 0, "a name");
      const name = this.#name(names, offset, used);
      if (last !== undefined && !comesBefore(last, name)) {
        ledger.fail(`names in "${path}" must be in order`, name);
      }
      last = name;
      const child = path === "" ? name : `${path}/${name}`;
      if (ledger.address(entry, 8, "a link") !== undefined) {
        this.#object(entry, child, level + 1);
      } else this.#name(names, entry.getUint32(24, true), used); // a link
    }
    if (used.includes(0)) {
      ledger.fail(`names in "${path}" must each be one's`, used.indexOf(0) * 8);
    }
  }

  /** Marks what no name is in. */
  #markFree(heap: DataView, names: DataView, used: Uint8Array): void {
    const ledger = this.#ledger;
    let at = ledger.long(heap, 16, "a gap");
    while (at !== NO_BLOCK) {
      const size = ledger.long(names, at + 8, "a gap");
      const isSound = at % 8 === 0 && size % 8 === 0 && size >= 16 &&
        at + size <= names.byteLength &&
        !used.subarray(at / 8, (at + size) / 8).includes(1);
      if (!isSound) ledger.fail("gaps between names must be known", at);
      used.fill(1, at / 8, (at + size) / 8);
      at = ledger.long(names, at, "a gap");
    }
  }

  #name(names: DataView<ArrayBuffer>, at: number, used: Uint8Array): string {
    const ledger = this.#ledger;
    const bytes = new Uint8Array(names.buffer);
    const end = bytes.indexOf(0, at);
    const isOpen = at % 8 === 0 && end > at &&
      !used.subarray(at / 8, padded(end + 1) / 8).includes(1);
    if (!isOpen) ledger.fail("each name must have its place", at);
    used.fill(1, at / 8, padded(end + 1) / 8);
    return text(bytes.subarray(at, end));
  }

  /** Members of a group, through its tree. */
  *#entries(tree: number): Generator<DataView<ArrayBuffer>> {
    for (const { child } of this.#leaves(tree, 0, 8, this.#groupKeys)) {
      const length = 8 + 2 * this.#leafKeys * ENTRY;
      const node = this.#ledger.read(child, length, "members");
      this.#sign(node, "SNOD");
      const count = node.getUint16(6, true);
      if (count > 2 * this.#leafKeys) {
        this.#ledger.fail("members must fit their place", count);
      }
      for (let i = 0; i < count; i++) {
        yield new DataView(node.buffer, 8 + i * ENTRY, ENTRY);
      }
    }
  }

  /** What a tree leads to, with the key before it. */
  *#leaves(
    at: number,
    kind: 0 | 1,
    keySize: number,
    half: number,
    level?: number,
  ): Generator<{ key: DataView<ArrayBuffer>; child: number }> {
    const ledger = this.#ledger;
    const length = 24 + (2 * half + 1) * keySize + 2 * half * 8;
    const node = ledger.read(at, length, "a tree");
    this.#sign(node, "TREE");
    const found = node.getUint8(5);
    const count = node.getUint16(6, true);
    const isSound = node.getUint8(4) === kind && found === (level ?? found) &&
      found <= MOST_LEVELS && count <= 2 * half;
    if (!isSound) ledger.fail("a tree must be sound", [found, count]);
    for (let i = 0; i < count; i++) {
      const start = 24 + i * (keySize + 8);
      const child = ledger.long(node, start + keySize, "a tree");
      if (found > 0) {
        yield* this.#leaves(child, kind, keySize, half, found - 1);
      } else yield { key: new DataView(node.buffer, start, keySize), child };
    }
  }

  #dataset(one: (type: number) => DataView | undefined, path: string): void {
    const ledger: Hdf5Ledger = this.#ledger;
    const space = one(MESSAGES.space);
    const type = one(MESSAGES.type);
    const view = one(MESSAGES.layout);
    if (space === undefined || type === undefined || view === undefined) {
      ledger.fail(`"${path}" must have a shape, a type and a place`, path);
    }
    const shape = readSpace(ledger, space);
    const { size } = readType(ledger, type);
    const length = sizeOf(shape) * size;
    const layout = readLayout(ledger, view);
    const filters = one(MESSAGES.filters);
    if (filters !== undefined) checkFilters(ledger, filters, size);
    const at = layout.kind === "whole" ? layout.at : undefined;
    if (layout.kind === "chunks") {
      this.#chunks(layout, shape, size, filters !== undefined, path);
    } else if (layout.kind === "whole" && at !== undefined) {
      if (layout.length !== length) {
        ledger.fail(`"${path}" must hold ${length} bytes`, layout.length);
      }
      ledger.claim(at, length, `the values of "${path}"`);
    }
    this.#datasets.set(path, { shape, size, at });
  }

  /** Every chunk must be there, in its place, and once. */
  #chunks(
    { index, sizes }: Layout & { kind: "chunks" },
    shape: readonly number[],
    size: number,
    isPacked: boolean,
    path: string,
  ): void {
    const ledger = this.#ledger;
    const axes = shape.length;
    const isSound = sizes.length === axes + 1 && sizes[axes] === size &&
      sizes.every((n) => n > 0);
    if (!isSound) ledger.fail(`chunks of "${path}" must fit it`, sizes);
    const wanted = shape.map((n, axis) => Math.ceil(n / sizes[axis]!));
    const found = new Set<string>();
    const keySize = 8 + 8 * (axes + 1);
    const leaves = index === undefined
      ? []
      : this.#leaves(index, 1, keySize, this.#chunkKeys);
    for (const { key, child } of leaves) {
      const stored = key.getUint32(0, true);
      const place = sizes.map((n, i) =>
        ledger.long(key, 8 + 8 * i, "a chunk") / n
      );
      const isPlace = key.getUint32(4, true) === 0 && place[axes] === 0 &&
        wanted.every((n, i) => Number.isInteger(place[i]) && place[i]! < n) &&
        (isPacked || stored === sizeOf(sizes));
      if (!isPlace || found.has(String(place))) {
        ledger.fail(`each chunk of "${path}" must have its place`, place);
      }
      found.add(String(place));
      ledger.claim(child, stored, `a chunk of "${path}"`);
    }
    if (found.size !== sizeOf(wanted)) {
      ledger.fail(`"${path}" must have ${sizeOf(wanted)} chunks`, found.size);
    }
  }

  #text(
    { heap, index, length }: { heap: number; index: number; length: number },
  ): void {
    if (length === 0 && heap === 0) return;
    const texts = this.#texts.get(heap) ?? new Map<number, number>();
    if (texts.has(index)) this.#ledger.fail("each text must be one's", index);
    texts.set(index, length);
    this.#texts.set(heap, texts);
  }

  /** A heap of long texts: those that are asked for must be as long as said. */
  #textHeap(at: number, texts: ReadonlyMap<number, number>): void {
    const ledger = this.#ledger;
    const head = ledger.peek(at, 16, "texts");
    this.#sign(head, "GCOL");
    const length = ledger.long(head, 8, "texts");
    const heap = ledger.read(at, length, "texts");
    const found = new Set<number>();
    let next = 16;
    while (next + 16 <= length) {
      const index = heap.getUint16(next, true);
      const size = ledger.long(heap, next + 8, "a text");
      if (index === 0) break; // the rest is free
      const wanted = texts.get(index);
      const isSound = !found.has(index) &&
        (wanted === undefined || wanted === size);
      next += 16 + padded(size);
      if (!isSound || next > length) {
        ledger.fail("texts must be as long as said", [index, size]);
      }
      found.add(index);
    }
    for (const index of texts.keys()) {
      if (!found.has(index)) ledger.fail("texts must be there", index);
    }
  }

  #sign(view: DataView, letters: string): void {
    const found = text(new Uint8Array(view.buffer, view.byteOffset, 4));
    if (found !== letters) this.#ledger.fail(`"${letters}" must stand`, found);
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}

/** As HDF5 compares names: byte by byte. */
function comesBefore(a: string, b: string): boolean {
  const [left, right] = [a, b].map((name) => new TextEncoder().encode(name));
  const at = left!.findIndex((byte, i) => byte !== right![i]);
  return at < 0 ? left!.length < right!.length : left![at]! < (right![at] ?? 0);
}
