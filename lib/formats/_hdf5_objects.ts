/**
 * Objects of an HDF5 file: headers with their messages, members of groups, and
 * attributes, in the formats of HDF5 1.4 and later. External storage is
 * refused.
 *
 * Source: The HDF Group, "HDF5 File Format Specification", version 3.0.
 *
 * @module
 */
import { sizeOf } from "../check.ts";
import { type Cursor, type Hdf5Bytes, padded } from "./_hdf5_bytes.ts";
import { FractalHeap } from "./_hdf5_heaps.ts";
import { leaves1, records2 } from "./_hdf5_trees.ts";
import { type ElementType, readSpace, readType } from "./_hdf5_types.ts";

/** A member of a group: an object by its address, or the path of one. */
export type Link = { readonly at: number } | { readonly path: string };

/** An attribute, with values that are not read yet. */
export interface Attribute {
  readonly type: ElementType;
  readonly count: number;
  readonly data: Cursor;
}

/** The header of an object. */
interface ObjectHeader {
  readonly messages: readonly Message[];
  /** Number of links to the object. */
  readonly numNames: number;
}

/** A message in an object header. */
interface Message {
  readonly type: number;
  readonly flags: number;
  readonly body: Cursor;
}

/** Types of messages. */
export const MESSAGES = {
  ...{ empty: 0x00, space: 0x01, linkInfo: 0x02, type: 0x03, oldFill: 0x04 },
  ...{ fill: 0x05, link: 0x06, otherFiles: 0x07, layout: 0x08, group: 0x0a },
  ...{ filters: 0x0b, attribute: 0x0c, comment: 0x0d, oldTime: 0x0e },
  ...{ sharedTable: 0x0f, more: 0x10, table: 0x11, time: 0x12, keys: 0x13 },
  ...{ driver: 0x14, attributeInfo: 0x15, count: 0x16, freeSpace: 0x17 },
} as const;

const KNOWN: ReadonlySet<number> = new Set(Object.values(MESSAGES));
const IS_SHARED = 2;
/** Bytes of a member in an old-style group. */
const ENTRY = 40;
const LINK_RECORDS = [5, 6];
const ATTRIBUTE_RECORDS = [8, 9];
const MOST_SOFT_LINKS = 16;

/** Objects by their addresses; each is read once. */
export class Hdf5Objects {
  /** The root group. */
  readonly root: number;
  /** Whether the structure has checksums. */
  readonly hasSums: boolean;
  /** Half of the maximum number of chunks per tree node. */
  readonly chunkKeys: number = 32;
  readonly #file: Hdf5Bytes;
  /**
   * Half of the maximum number of members per list, and of lists per tree node.
   */
  readonly #memberKeys: number = 4;
  readonly #listKeys: number = 16;
  readonly #headers = new Map<number, ObjectHeader>();
  readonly #links = new Map<number, ReadonlyMap<string, Link>>();
  readonly #attributes = new Map<number, ReadonlyMap<string, Attribute>>();
  /** Number of links found to each object. */
  readonly #names = new Map<number, number>();

  /**
   * Reads the superblock.
   *
   * @param file The bytes from the superblock on.
   */
  constructor(file: Hdf5Bytes) {
    this.#file = file;
    const signature = file.peek(0, 9, "the superblock");
    const isHdf5 = signature.u8() === 0x89 &&
      signature.text(7) === "HDF\r\n\x1a\n";
    if (!isHdf5) file.fail("it must be HDF5", "something else");
    const version = signature.u8();
    if (version > 3) file.fail("its version must be 0 to 3", version);
    this.hasSums = version > 1;
    const blockSize = version < 2 ? 96 + 4 * version : 48;
    const block = file.read(0, blockSize, "the superblock").skip(9);
    if (version < 2) {
      block.skip(4);
      checkWidths(file, block);
      this.#memberKeys = block.skip(1).u16();
      this.#listKeys = block.u16();
      block.skip(4);
      if (version === 1) this.chunkKeys = block.u16();
      block.skip(2 * version);
    } else {
      file.checkSum(block);
      checkWidths(file, block);
      block.skip(1);
    }
    const base = block.u64();
    const extra = block.address();
    const end = block.u64();
    // HDF5 counts addresses from the superblock, also where a user block was
    // put before it, or removed, without a change of the base.
    const length = end - base;
    if (length < 0) file.fail("its end must come after its start", length);
    if (length > file.size) {
      file.fail(`it must have ${length} bytes`, file.size, "is it cut?");
    }
    if (version < 2) block.skip(16); // the driver, and the root's name
    this.root = block.required("the root group");
    this.#names.set(this.root, 1);
    if (version < 2 || extra === undefined) return;
    const keys = this.message(extra, MESSAGES.keys);
    if (keys === undefined) return;
    this.chunkKeys = keys.skip(1).u16();
    this.#listKeys = keys.u16();
    this.#memberKeys = keys.u16();
  }

  /** Finds the message of a type. */
  message(at: number, type: number): Cursor | undefined {
    const [found, ...others] = this.#header(at).messages
      .filter((message) => message.type === type);
    if (others.length > 0) {
      this.#file.fail("objects must have each message once", type);
    }
    return found === undefined ? undefined : this.#body(found);
  }

  /** Whether an object is a group. */
  isGroup(at: number): boolean {
    const { table, linkInfo, link, group } = MESSAGES;
    const types: readonly number[] = [table, linkInfo, link, group];
    return this.#header(at).messages.some(({ type }) => types.includes(type));
  }

  /** Members of a group, by name. */
  links(at: number): ReadonlyMap<string, Link> {
    const known = this.#links.get(at);
    if (known !== undefined) return known;
    const links = new Map<string, Link>();
    for (const [name, link] of this.#members(at)) {
      if (links.has(name)) this.#file.fail("names must be unique", name);
      links.set(name, link);
      if (!("at" in link)) continue;
      const count = (this.#names.get(link.at) ?? 0) + 1;
      const { numNames } = this.#header(link.at);
      if (count > numNames) {
        const rule = `"${name}" must be one of ${numNames} names of an object`;
        this.#file.fail(rule, count);
      }
      this.#names.set(link.at, count);
    }
    this.#links.set(at, links);
    return links;
  }

  /** Resolves a path relative to a group. */
  follow(from: number, path: string, depth = 0): number | undefined {
    if (depth > MOST_SOFT_LINKS) {
      this.#file.fail("links must not lead in a circle", path);
    }
    let at = path.startsWith("/") ? this.root : from;
    for (const name of path.split("/").filter((n) => n !== "" && n !== ".")) {
      const link = this.isGroup(at) ? this.links(at).get(name) : undefined;
      const next = link === undefined || "at" in link
        ? link?.at
        : this.follow(at, link.path, depth + 1);
      if (next === undefined) return undefined;
      at = next;
    }
    return at;
  }

  /** Attributes of an object, by name. */
  attributes(at: number): ReadonlyMap<string, Attribute> {
    const known = this.#attributes.get(at);
    if (known !== undefined) return known;
    const found = new Map<string, Attribute>();
    const add = (cursor: Cursor) => {
      const [name, attribute] = this.#attribute(cursor);
      if (found.has(name)) this.#file.fail("attributes must differ", name);
      found.set(name, attribute);
    };
    for (const message of this.#header(at).messages) {
      if (message.type === MESSAGES.attribute) add(this.#body(message));
    }
    const info = this.message(at, MESSAGES.attributeInfo)?.skip(1);
    const heapAt = info?.skip((info.u8() & 1) * 2).address();
    if (info !== undefined && heapAt !== undefined) {
      const heap = new FractalHeap(this.#file, heapAt);
      const tree = info.required("a tree of attributes");
      for (const record of records2(this.#file, tree, ATTRIBUTE_RECORDS)) {
        const id = record.take(8);
        if ((record.u8() & IS_SHARED) !== 0) this.#failShared();
        add(heap.object(id));
      }
    }
    this.#attributes.set(at, found);
    return found;
  }

  #header(at: number): ObjectHeader {
    const known = this.#headers.get(at);
    if (known !== undefined) return known;
    const isOld = this.#file.peek(at, 1, "a header").u8() === 1;
    const header = isOld ? this.#oldHeader(at) : this.#newHeader(at);
    for (const { type } of header.messages) {
      if (KNOWN.has(type)) continue;
      this.#file.fail("messages of objects must be of a known type", type);
    }
    this.#headers.set(at, header);
    return header;
  }

  #oldHeader(at: number): ObjectHeader {
    const file = this.#file;
    const head = file.read(at, 16, "a header").skip(2);
    const count = head.u16();
    const numNames = head.u32();
    const blocks = [{ at: at + 16, length: head.u32() }];
    const messages: Message[] = [];
    for (const { at, length } of blocks) {
      const block = file.read(at, length, "a header");
      while (block.left > 0) {
        const type = block.u16();
        const size = block.u16();
        const flags = block.u8();
        const body = block.skip(3).sub(size);
        messages.push({ type, flags, body });
        if (type !== MESSAGES.more) continue;
        const more = body.fresh();
        blocks.push({ at: more.required("a header"), length: more.u64() });
      }
    }
    if (messages.length !== count) {
      file.fail(`a header must have ${count} messages`, messages.length);
    }
    return { messages, numNames };
  }

  #newHeader(at: number): ObjectHeader {
    const file = this.#file;
    const head = file.peek(at, Math.min(34, file.size - at), "a header");
    const letters = head.text(4);
    const version = head.u8();
    if (letters !== "OHDR" || version !== 2) {
      file.fail("a header must be of version 1 or 2", [letters, version]);
    }
    const flags = head.u8();
    head.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
    const length = head.uint(1 << (flags & 3));
    const first = file.block(at, head.at + length + 4, "OHDR");
    first.skip(head.at - first.at);
    const blocks = [first];
    const messages: Message[] = [];
    let numNames = 1;
    for (const block of blocks) {
      const headSize = flags & 4 ? 6 : 4;
      while (block.left - 4 >= headSize) {
        const type = block.u8();
        const size = block.u16();
        const message = { type, flags: block.u8() };
        const body = block.skip(headSize - 4).sub(size);
        messages.push({ ...message, body });
        const again = body.fresh();
        if (type === MESSAGES.count) numNames = again.skip(1).u32();
        if (type !== MESSAGES.more) continue;
        const more = again.required("a header");
        blocks.push(file.block(more, again.u64(), "OCHK"));
      }
    }
    return { messages, numNames };
  }

  /**
   * The contents of a message, which may be stored elsewhere: types may be
   * named.
   */
  #body({ type, flags, body }: Message): Cursor {
    const cursor = body.fresh();
    return (flags & IS_SHARED) === 0 ? cursor : this.#shared(cursor, type);
  }

  #shared(cursor: Cursor, type: number): Cursor {
    const version = cursor.u8();
    const kind = cursor.u8();
    if (version === 1) cursor.skip(6);
    if (version < 1 || version > 3 || kind === 1) this.#failShared();
    const at = cursor.required("a named type");
    const found = this.#header(at).messages.find((m) => m.type === type);
    if (found === undefined || (found.flags & IS_SHARED) !== 0) {
      return this.#file.fail("a named type must be there", at);
    }
    return found.body.fresh();
  }

  #failShared(): never {
    const hint = "write the file again with Keras";
    return this.#file.fail("objects must not share descriptions", "some", hint);
  }

  *#members(at: number): Generator<readonly [string, Link]> {
    const table = this.message(at, MESSAGES.table);
    if (table !== undefined) yield* this.#oldMembers(table);
    for (const { type, body } of this.#header(at).messages) {
      if (type === MESSAGES.link) yield this.#link(body.fresh());
    }
    const info = this.message(at, MESSAGES.linkInfo)?.skip(1);
    const heapAt = info?.skip((info.u8() & 1) * 8).address();
    if (info === undefined || heapAt === undefined) return;
    const heap = new FractalHeap(this.#file, heapAt);
    const tree = info.required("a tree of links");
    for (const record of records2(this.#file, tree, LINK_RECORDS)) {
      const id = record.skip(record.bytes.length === 15 ? 8 : 4).take(7);
      yield this.#link(heap.object(id));
    }
  }

  *#oldMembers(table: Cursor): Generator<readonly [string, Link]> {
    const file = this.#file;
    const tree = table.required("members");
    const heap = file.block(table.required("names"), 32, "HEAP", null).skip(4);
    const size = heap.u64();
    const names = file.read(heap.skip(8).u64(), size, "names");
    const nameAt = (at: number) => names.fresh().skip(at).text(size - at);
    const keys = { kind: 0, keySize: 8, half: this.#listKeys } as const;
    for (const { child } of leaves1(file, tree, keys)) {
      const length = 8 + 2 * this.#memberKeys * ENTRY;
      const list = file.block(child, length, "SNOD", null).skip(2);
      const count = list.u16();
      for (let i = 0; i < count; i++) {
        const name = nameAt(list.u64());
        const at = list.address();
        const kind = list.u32();
        const path = list.skip(4).u32();
        list.skip(12);
        if (at !== undefined) yield [name, { at }];
        else if (kind === 2) yield [name, { path: nameAt(path) }];
        else file.fail(`"${name}" must be an object or a link`, kind);
      }
    }
  }

  #link(cursor: Cursor): readonly [string, Link] {
    const version = cursor.u8();
    const flags = cursor.u8();
    if (version !== 1) this.#file.fail("links must be of version 1", version);
    const kind = flags & 8 ? cursor.u8() : 0;
    cursor.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
    const name = cursor.text(cursor.uint(1 << (flags & 3)));
    if (kind === 0) return [name, { at: cursor.required("an object") }];
    const value = cursor.sub(cursor.u16());
    if (kind === 1) return [name, { path: value.text(value.left) }];
    return this.#file.fail(
      `"${name}" must not be a link to another file`,
      kind === 64 ? value.skip(1).text(value.left) : kind,
    );
  }

  #attribute(cursor: Cursor): readonly [string, Attribute] {
    const file = this.#file;
    const version = cursor.u8();
    const flags = cursor.u8();
    if (version < 1 || version > 3) {
      file.fail("attributes must be of version 1 to 3", version);
    }
    const sizes = [cursor.u16(), cursor.u16(), cursor.u16()];
    if (version === 3) cursor.skip(1); // encoding of the name
    const [nameSize, typeSize, spaceSize] = version === 1
      ? sizes.map(padded)
      : sizes;
    const name = cursor.text(nameSize!);
    const typeBody = cursor.sub(typeSize!);
    const space = cursor.sub(spaceSize!);
    const isShared = version > 1 && (flags & 1) !== 0;
    const type = readType(
      file,
      isShared ? this.#shared(typeBody, MESSAGES.type) : typeBody,
    );
    if (version > 1 && (flags & 2) !== 0) this.#failShared();
    const count = sizeOf(readSpace(file, space).shape);
    const rest = cursor.left - count * type.size;
    if (rest < 0 || rest > 7) {
      file.fail(`attribute "${name}" must have ${count} values`, cursor.left);
    }
    return [name, { type, count, data: cursor.sub(count * type.size) }];
  }
}

/**
 * Checks that addresses and sizes have eight bytes, as on all systems with
 * Keras.
 */
function checkWidths(file: Hdf5Bytes, block: Cursor): void {
  const widths = [block.u8(), block.u8()];
  if (widths.some((width) => width !== 8)) {
    file.fail("its addresses must have 8 bytes", widths);
  }
}
