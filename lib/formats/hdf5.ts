/**
 * HDF5 files, read in place.
 *
 * This library reads both structure and values. It supports files of HDF5 1.4
 * to 1.14, with any `libver`: groups of the old and the new form, values in one
 * range, in chunks, or in headers, compressed by gzip or lzf, with shuffle and
 * fletcher32, also after a user block of up to 2048 bytes. Values are read in place, so that no file is held in memory.
 *
 * Files are not trusted. A range of bytes has only one use, so that references
 * cannot form a cycle; declared sizes are bounded by the file's size; other
 * files are never read. Checksums of the structure are verified. In a file
 * without checksums, a damaged address could point to plausible bytes;
 * {@linkcode Hdf5Bytes.settle} explains how this is distinguished from the gaps
 * that HDF5 leaves after deletions.
 *
 * Why not `h5wasm`: version 0.10 was in use before, together with a second
 * reader that checked the structure. It does not support lzf, and its errors
 * are plain text only. Time for opening on a busy machine with two cores, by
 * `h5wasm` and by this reader, in ms: the first file of a process 510 and 25;
 * the 26 `.h5` files of `tests/data/keras_models` 373 and 84; 100 MB in 100
 * datasets 66 and 8; 800 datasets in 400 groups 602 and 189.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { type ByteSource, partSource } from "./byte_source.ts";
import { Hdf5Bytes } from "./_hdf5_bytes.ts";
import {
  type Hdf5Values,
  isInOtherFiles,
  openDataset,
} from "./_hdf5_dataset.ts";
import { globalHeap } from "./_hdf5_heaps.ts";
import { type Attribute, Hdf5Objects, MESSAGES } from "./_hdf5_objects.ts";
import { hdf5Start } from "./hdf5_header.ts";
import type { StoredArray, StoredType } from "./stored_array.ts";

/** An array in an HDF5 file. */
export interface Hdf5Dataset {
  /** Its path, without a slash before it. */
  readonly path: string;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Its element type. */
  readonly dtype: StoredType;
  /** Reads it. */
  readonly read: () => StoredArray;
}

/** Options for opening a file. */
export interface Hdf5Options {
  /** Groups to skip; their members may be damaged. */
  readonly skip?: (path: string) => boolean;
  /** Whether the bytes were verified by checksums. @default {false} */
  readonly isVerified?: boolean;
  /** The type of opaque 2-byte elements without an attribute. */
  readonly opaquePairs?: "bfloat16" | undefined;
}

/** Number of bytes in which HDF5 must begin. */
const MOST_HEAD = 4096;
const MOST_LEVELS = 40;
const MOST_OBJECTS = 40_000;
/** Minimum number of bytes of an object in the file. */
const LEAST_OBJECT = 32;
/** Maximum number of bytes of compressed datasets beyond the file's size. */
const MOST_GROWTH = 32 * 2 ** 20;

/** An open HDF5 file. */
export class Hdf5File {
  /** Datasets of numbers, by path. */
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>;
  /** Why other datasets cannot be read, by path: strings, records, damage. */
  readonly unreadable: ReadonlyMap<string, SyntaxError>;
  /** Paths of its groups; `""` is the root. */
  readonly groups: ReadonlySet<string>;
  readonly #file: Hdf5Bytes;
  readonly #objects: Hdf5Objects;
  readonly #addresses: ReadonlyMap<string, number>;
  readonly #heaps: Heaps;
  #isOpen = true;

  private constructor(source: ByteSource, options: Hdf5Options) {
    const head = new Uint8Array(Math.min(MOST_HEAD, source.size));
    source.read(0, head);
    const start = hdf5Start(head) ?? 0;
    const file = new Hdf5Bytes(
      partSource(source, start, source.size - start, source.name),
    );
    const objects = new Hdf5Objects(file);
    const heaps = new Heaps(file);
    const traversal = new Traversal(file, objects, heaps, options);
    traversal.run();
    this.#file = file;
    this.#objects = objects;
    this.#heaps = heaps;
    this.#addresses = traversal.addresses;
    this.groups = traversal.groups;
    this.datasets = new Map(
      [...traversal.datasets].map(([path, dataset]) => [path, {
        ...dataset,
        read: () => {
          this.#checkOpen();
          return dataset.read();
        },
      }]),
    );
    this.unreadable = traversal.unreadable;
  }

  /**
   * Opens a file and checks its structure; no values are read.
   *
   * @param source The file; owned by the caller, and open until this is closed.
   * @param options Groups to skip, and types.
   * @returns The file; close it.
   * @throws {SyntaxError} If it is not HDF5, is damaged, or is unsafe.
   */
  static open(source: ByteSource, options: Hdf5Options = {}): Hdf5File {
    return new Hdf5File(source, options);
  }

  /**
   * An attribute that is a string, or a list of strings.
   *
   * @param path Its group or dataset; `""` is the root.
   * @param name The attribute.
   * @returns Its strings, one for a scalar; undefined if there is none.
   * @throws {SyntaxError} If it is not a string, or is damaged.
   */
  strings(path: string, name: string): readonly string[] | undefined {
    this.#checkOpen();
    const at = this.#addresses.get(path) ??
      this.#file.fail(`it must hold "${path}"`, "none");
    const attribute = this.#objects.attributes(at).get(name);
    if (attribute === undefined) return undefined;
    return this.#heaps.strings(attribute, `attribute "${name}" of "/${path}"`);
  }

  /** Closes the file; its datasets can no longer be read. */
  close(): void {
    this.#isOpen = false;
  }

  #checkOpen(): void {
    if (this.#isOpen) return;
    const { name } = this.#file;
    throw new TypeError(
      cannot(`read HDF5 "${name}"`, "it must be open", "closed"),
    );
  }
}

/** Strings of attributes: in the attribute, or in the file's heaps. */
class Heaps {
  readonly #file: Hdf5Bytes;
  readonly #heaps = new Map<number, ReturnType<typeof globalHeap>>();
  readonly #used = new Set<string>();
  readonly #read = new Map<Attribute, readonly string[]>();

  constructor(file: Hdf5Bytes) {
    this.#file = file;
  }

  /** Records the heaps that an attribute refers to. */
  claim({ type, count, data }: Attribute): void {
    if (type.strings !== "any") return;
    const cursor = data.fresh();
    for (let i = 0; i < count; i++) {
      const length = cursor.u32();
      const heap = cursor.u64();
      cursor.skip(4);
      if (length > 0 || heap > 0) this.#heap(heap);
    }
  }

  /** Reads the strings of an attribute. */
  strings(attribute: Attribute, what: string): readonly string[] {
    const found = this.#read.get(attribute) ?? this.#strings(attribute, what);
    this.#read.set(attribute, found);
    return found;
  }

  #strings({ type, count, data }: Attribute, what: string): readonly string[] {
    const file = this.#file;
    const cursor = data.fresh();
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return Array.from({ length: count }, () => {
      const bytes = type.strings === "any"
        ? this.#stored(cursor.u32(), cursor.u64(), cursor.u32())
        : type.strings === "fixed"
        ? cursor.take(type.size)
        : file.fail(`${what} must be text`, type.what);
      const end = bytes.indexOf(0);
      try {
        const text = decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
        return type.isSpaced ? text.trimEnd() : text;
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        return file.fail(`${what} must be UTF-8`, [...bytes.subarray(0, 9)]);
      }
    });
  }

  /** Checks that each string of a heap belongs to one attribute. */
  #stored(length: number, heap: number, index: number): Uint8Array {
    if (length === 0 && heap === 0) return new Uint8Array();
    const bytes = this.#heap(heap).get(index);
    const key = `${heap} ${index}`;
    if (bytes?.length !== length || this.#used.has(key)) {
      const rule =
        `string ${index} must have ${length} bytes, and be used once`;
      return this.#file.fail(rule, bytes?.length ?? "none");
    }
    this.#used.add(key);
    return bytes;
  }

  #heap(at: number): ReturnType<typeof globalHeap> {
    const heap = this.#heaps.get(at) ?? globalHeap(this.#file, at);
    this.#heaps.set(at, heap);
    return heap;
  }
}

/** Checks everything in a file. */
class Traversal {
  readonly datasets = new Map<string, Hdf5Dataset>();
  readonly unreadable = new Map<string, SyntaxError>();
  readonly groups = new Set<string>();
  readonly addresses = new Map<string, number>();
  readonly #file: Hdf5Bytes;
  readonly #objects: Hdf5Objects;
  readonly #heaps: Heaps;
  readonly #skip: (path: string) => boolean;
  readonly #isVerified: boolean;
  readonly #opaquePairs: "bfloat16" | undefined;
  readonly #byAddress = new Map<number, Hdf5Values | SyntaxError>();
  readonly #seen = new Set<number>();
  #most: number;

  constructor(
    file: Hdf5Bytes,
    objects: Hdf5Objects,
    heaps: Heaps,
    options: Hdf5Options,
  ) {
    this.#file = file;
    this.#objects = objects;
    this.#heaps = heaps;
    this.#skip = options.skip ?? (() => false);
    this.#isVerified = options.isVerified ?? false;
    this.#opaquePairs = options.opaquePairs;
    this.#most = file.size + MOST_GROWTH;
  }

  run(): void {
    this.#enter(this.#objects.root, "", 0);
    if (!this.#isVerified) this.#file.settle(this.#objects.hasSums);
  }

  #enter(at: number, path: string, level: number): void {
    if (level > MOST_LEVELS) {
      this.#file.fail(`groups must nest at most ${MOST_LEVELS} deep`, path);
    }
    this.groups.add(path);
    this.addresses.set(path, at);
    this.#claimAttributes(at);
    for (const [name, link] of this.#objects.links(at)) {
      const child = path === "" ? name : `${path}/${name}`;
      if (this.#skip(child)) {
        if ("at" in link) this.#claimSkipped(link.at);
        continue;
      }
      // Links to the same group can multiply a few objects to millions.
      const most = Math.min(MOST_OBJECTS, this.#file.size / LEAST_OBJECT);
      if (this.addresses.size > most) {
        const rule = `it must hold at most ${Math.floor(most)} objects`;
        this.#file.fail(`${rule}, for its size`, "more");
      }
      const target = "at" in link
        ? link.at
        : this.#objects.follow(at, link.path) ??
          this.#file.fail(`"${child}" must lead to something`, link.path);
      if (this.#objects.isGroup(target)) this.#enter(target, child, level + 1);
      else this.#open(target, child);
    }
  }

  /** Checks a dataset; named types are skipped. */
  #open(at: number, path: string): void {
    const objects = this.#objects;
    this.addresses.set(path, at);
    this.#claimAttributes(at);
    if (objects.message(at, MESSAGES.layout) === undefined) return;
    if (isInOtherFiles(objects, at)) {
      this.#file.fail(
        `"${path}" must hold its values in the file`,
        "other files",
      );
    }
    const values = this.#byAddress.get(at) ?? this.#values(at, path);
    this.#byAddress.set(at, values);
    if (values instanceof SyntaxError) {
      this.unreadable.set(path, values);
      return;
    }
    this.#most -= values.length;
    if (this.#most < 0) {
      this.#file.fail("datasets must fit the file's size", path);
    }
    this.datasets.set(path, { path, ...values });
  }

  /** The values of a dataset, or why they cannot be read. */
  #values(at: number, path: string): Hdf5Values | SyntaxError {
    try {
      const [named] = this.#named(at, path);
      const opaquePairs = this.#opaquePairs;
      const query = { at, path, most: this.#most, named, opaquePairs };
      return openDataset(this.#file, this.#objects, query);
    } catch (error) {
      if (error instanceof SyntaxError) return error;
      throw error;
    }
  }

  #named(at: number, path: string): readonly string[] {
    const attribute = this.#objects.attributes(at).get("dtype");
    const what = `attribute "dtype" of "/${path}"`;
    return attribute === undefined ? [] : this.#heaps.strings(attribute, what);
  }

  /** Records variable-length strings, which are elsewhere in the file. */
  #claimAttributes(at: number): void {
    if (this.#seen.has(at)) return;
    this.#seen.add(at);
    for (const attribute of this.#objects.attributes(at).values()) {
      this.#heaps.claim(attribute);
    }
  }

  /** Records skipped objects, which may be damaged. */
  #claimSkipped(at: number, level = 0): void {
    if (this.#isVerified || level > MOST_LEVELS || this.#seen.has(at)) return;
    try {
      this.#claimAttributes(at);
      if (this.#objects.isGroup(at)) {
        for (const link of this.#objects.links(at).values()) {
          if ("at" in link) this.#claimSkipped(link.at, level + 1);
        }
      } else {
        const query = { at, path: "", most: Infinity, named: undefined };
        openDataset(this.#file, this.#objects, query);
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
