/**
 * HDF5 files, read in place.
 *
 * The HDF5 library runs in WebAssembly, over a file system of its own that
 * holds nothing but the file at hand, as a node that reads from the source: it
 * can reach no other file, whatever links say. It finds its way through the
 * file's structure; values that lie in one piece are then read from the source
 * itself, so that no weight passes through the library's memory.
 *
 * What Keras never writes is refused rather than followed: links, values in
 * other files, and datasets that hold less than they declare. A file without
 * checksums is read a second time, structure only, so that no damaged address
 * passes for another one.
 *
 * @module
 */
import type { H5Module, Metadata } from "./_hdf5_library.ts";
import { cannot, sizeOf } from "../check.ts";
import { Hdf5Library } from "./_hdf5_library.ts";
import { readStructure, type Structure } from "./_hdf5_structure.ts";
import type { ByteSource } from "./byte_source.ts";
import { type StoredArray, type StoredType, valuesOf } from "./stored_array.ts";

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

/** How to open a file. */
export interface Hdf5Options {
  /** Groups that are not entered, and need not be sound. */
  readonly skip?: (path: string) => boolean;
  /** Whether checksums have shown the bytes to be whole. @default {false} */
  readonly isVerified?: boolean;
}

/** Kinds of elements, by the library's number. */
const CLASSES: readonly string[] = [
  ...["integers", "floats", "times", "texts", "bits", "opaque elements"],
  ...["records", "references", "names", "lists", "arrays"],
];
/** Ways of packing that can be checked: deflate, shuffle, checksum. */
const FILTERS = [1, 2, 3];
const MOST_LEVELS = 40;
const MOST_OBJECTS = 40_000;
/** Bytes of the file that an object takes at the least, if it is there once. */
const LEAST_OBJECT = 32;
/** Bytes of a chunk: the library holds it twice while it unpacks it. */
const MOST_CHUNK = 16 * 2 ** 20;
const MOST_AXES = 32;
/** What datasets may hold beyond the file's own size: compressed ones. */
const MOST_GROWTH = 32 * 2 ** 20;

/** An HDF5 file, open. */
export class Hdf5File {
  /** Its datasets by path. */
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>;
  /** Paths of its groups; `""` is the root. */
  readonly groups: ReadonlySet<string>;
  readonly #library: Hdf5Library;

  private constructor(
    library: Hdf5Library,
    datasets: ReadonlyMap<string, Hdf5Dataset>,
    groups: ReadonlySet<string>,
  ) {
    this.#library = library;
    this.datasets = datasets;
    this.groups = groups;
  }

  /** Begins to load what opens files, for whoever has other work to do before. */
  static prepare(): void {
    Hdf5Library.prepare();
  }

  /**
   * Opens a file and looks at all that is in it; no values are read.
   *
   * @param source The file; it stays the caller's, and open until this is closed.
   * @param options What not to look at.
   * @returns The file; close it.
   * @throws {SyntaxError} If it is not HDF5, is damaged, or is not safe.
   */
  static async open(
    source: ByteSource,
    options: Hdf5Options = {},
  ): Promise<Hdf5File> {
    const library = await Hdf5Library.open(source);
    try {
      const walk = new Walk(library, source, options);
      walk.run();
      return new Hdf5File(library, walk.datasets, walk.groups);
    } catch (error) {
      library.close();
      throw error;
    }
  }

  /**
   * An attribute that is text, or a list of texts.
   *
   * @param path The group or dataset that has it; `""` is the root.
   * @param name The attribute.
   * @returns Its texts, one for a scalar; undefined if there is none.
   * @throws {SyntaxError} If it is something else, or is damaged.
   */
  texts(path: string, name: string): readonly string[] | undefined {
    return this.#library.texts(path, name);
  }

  /** Closes the file; its datasets can no longer be read. */
  close(): void {
    this.#library.close();
  }
}

/** One look at everything that is in a file. */
class Walk {
  readonly datasets = new Map<string, Hdf5Dataset>();
  readonly groups = new Set<string>();
  readonly #library: Hdf5Library;
  readonly #source: ByteSource;
  readonly #skip: (path: string) => boolean;
  readonly #isVerified: boolean;
  readonly #spans: { from: number; to: number; path: string }[] = [];
  readonly #chunked: string[] = [];
  #declared = 0;

  constructor(library: Hdf5Library, source: ByteSource, options: Hdf5Options) {
    this.#library = library;
    this.#source = source;
    this.#skip = options.skip ?? (() => false);
    this.#isVerified = options.isVerified ?? false;
  }

  run(): void {
    this.#enter("", 0);
    this.#spans.sort((a, b) => a.from - b.from);
    for (const [i, { to, path }] of this.#spans.entries()) {
      const next = this.#spans[i + 1];
      if (next === undefined || to <= next.from) continue;
      this.#fail(`"${path}" must not share bytes with another`, next.path);
    }
    const [chunked] = this.#chunked;
    if (this.#isVerified && chunked === undefined) return;
    const structure = readStructure(this.#source);
    if (structure !== undefined) this.#compare(structure);
    else if (chunked !== undefined) {
      // Whether all of them are there cannot be told.
      const hint = "write the file again with Keras";
      this.#fail(`"${chunked}" must lie in one piece`, "chunks", hint);
    }
  }

  /** What the library found must be what stands there. */
  #compare({ datasets, groups }: Structure): void {
    const isEntered = (path: string) =>
      !path.split("/").some((_, i, parts) =>
        this.#skip(parts.slice(0, i + 1).join("/"))
      );
    const places = new Map(this.#spans.map(({ path, from }) => [path, from]));
    const found = [...datasets.keys(), ...groups].filter(isEntered).sort();
    const listed = [...this.datasets.keys(), ...this.groups].sort();
    const isSame = found.length === listed.length &&
      found.every((path, i) => path === listed[i]) &&
      [...this.datasets.values()].every(({ path, shape }) => {
        const other = datasets.get(path);
        return other?.shape.join() === shape.join() &&
          (other.at === undefined || places.get(path) === other.at);
      });
    if (!isSame) this.#fail("its parts must be found in one way", listed);
  }

  #enter(path: string, level: number): void {
    if (level > MOST_LEVELS) {
      this.#fail(`groups must nest at most ${MOST_LEVELS} deep`, path);
    }
    this.groups.add(path);
    const names = this.#library.run((module, id) =>
      module.get_names(id, `/${path}`, false)
    );
    for (const name of names) {
      const child = path === "" ? name : `${path}/${name}`;
      if (this.#skip(child)) continue;
      // Links to one and the same group can make millions of a few.
      const most = Math.min(MOST_OBJECTS, this.#source.size / LEAST_OBJECT);
      if (this.groups.size + this.datasets.size > most) {
        const rule = `it must hold at most ${Math.floor(most)} objects`;
        this.#fail(`${rule}, for its size`, "more");
      }
      const type = this.#typeOf(child);
      if (type === "group") this.#enter(child, level + 1);
      if (type === "dataset") this.datasets.set(child, this.#dataset(child));
    }
  }

  #typeOf(path: string): "group" | "dataset" | "other" {
    return this.#library.run((module, id) => {
      const soft = module.get_symbolic_link(id, path);
      if (soft !== null) this.#fail(`"${path}" must not be a link`, soft);
      const type = module.get_type(id, path);
      if (type === module.H5G_GROUP) return "group";
      if (type === module.H5G_DATASET) return "dataset";
      if (type === module.H5G_TYPE) return "other";
      const { filename } = module.get_external_link(id, path);
      if (filename !== undefined) {
        this.#fail(`"${path}" must not be a link to a file`, filename);
      }
      return this.#fail(`"${path}" must be a group or a dataset`, type);
    });
  }

  #dataset(path: string): Hdf5Dataset {
    const metadata = this.#library.run((module, id) =>
      module.get_dataset_metadata(id, path)
    );
    const { shape, size, chunks, virtual_sources: sources } = metadata;
    if (sources !== undefined) {
      const files = sources.map(({ file_name: file }) => file);
      this.#fail(`"${path}" must hold its own values`, files);
    }
    if (shape === null || shape.length > MOST_AXES) {
      this.#fail(`"${path}" must have at most ${MOST_AXES} axes`, shape);
    }
    const dtype = this.#library.run((module) =>
      this.#typeName(module, metadata, path)
    );
    const length = sizeOf(shape) * size;
    this.#declared += length;
    const most = this.#source.size + MOST_GROWTH;
    if (!Number.isSafeInteger(length) || this.#declared > most) {
      this.#fail(
        `datasets must hold at most ${most} bytes in all, for its size`,
        `${path} of shape [${shape.join(", ")}]`,
      );
    }
    if (chunks !== null) {
      if (sizeOf(chunks) * size > MOST_CHUNK) {
        const rule =
          `chunks of "${path}" must have at most ${MOST_CHUNK} bytes`;
        this.#fail(rule, chunks);
      }
      this.#checkFilters(path);
      this.#chunked.push(path);
    }
    const read = length === 0
      ? () => new Uint8Array()
      : chunks === null
      ? this.#readerInPlace(path, shape, length)
      : () => this.#library.values(path, length, shape.length);
    return {
      path,
      shape: Object.freeze([...shape]),
      dtype,
      read: () => ({ data: valuesOf(read(), dtype), shape, dtype }),
    };
  }

  #checkFilters(path: string): void {
    const filters = this.#library.run((module, id) =>
      module.get_dataset_filters(id, path)
    );
    const strange = filters.find(({ id }) => !FILTERS.includes(id));
    if (strange === undefined) return;
    this.#fail(
      `"${path}" must be packed by a filter of HDF5's own`,
      `${strange.name} (${strange.id})`,
      "write the file again with Keras",
    );
  }

  /** Values that lie in one piece: where, is seen by what the library reads. */
  #readerInPlace(path: string, shape: readonly number[], length: number) {
    const reads = this.#firstReads(path, shape.length);
    const [from] = reads[0] ?? [];
    const to = (from ?? 0) + length;
    if (from === undefined || reads.length > 1 || to > this.#source.size) {
      this.#fail(
        `"${path}" must hold its values in the file`,
        `${reads.length} pieces for ${length} bytes`,
      );
    }
    this.#spans.push({ from, to, path });
    const source = this.#source;
    return () => {
      this.#library.checkOpen();
      const bytes = new Uint8Array(length);
      source.read(from, bytes);
      return bytes;
    };
  }

  /** The library fails where they are in another file. */
  #firstReads(path: string, axes: number): readonly [number, number][] {
    try {
      return this.#library.firstReads(path, axes);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const [, found = error.message] = /current value is "(.*)"$/.exec(
        error.message,
      ) ?? [];
      return this.#fail(`"${path}" must hold its values in the file`, found);
    }
  }

  #typeName(module: H5Module, metadata: Metadata, path: string): StoredType {
    const { type, size, signed, littleEndian } = metadata;
    const classes = module.H5T_class_t;
    const isNumber = type === classes.H5T_FLOAT.value ||
      type === classes.H5T_INTEGER.value;
    if (size > 1 && !littleEndian && isNumber) {
      this.#fail(
        `"${path}" must have its least significant byte first`,
        "big-endian",
        "write the file again with Keras",
      );
    }
    const bits = size * 8;
    if (type === classes.H5T_FLOAT.value && [2, 4, 8].includes(size)) {
      if (this.#library.texts(path, "dtype") === undefined) {
        return `float${bits as 16 | 32 | 64}`;
      }
    }
    if (type === classes.H5T_INTEGER.value && [1, 2, 4, 8].includes(size)) {
      return `${signed ? "int" : "uint"}${bits as 8 | 16 | 32 | 64}`;
    }
    const { members = {} } = metadata.enum_type ?? {};
    const isBoolean = members.FALSE === 0 && members.TRUE === 1;
    if (type === classes.H5T_ENUM.value && size === 1 && isBoolean) {
      return "bool";
    }
    const [own] = this.#library.texts(path, "dtype") ?? [];
    if (type === classes.H5T_OPAQUE.value && size === 2 && own === "bfloat16") {
      return "bfloat16";
    }
    return this.#fail(
      `"${path}" must hold numbers`,
      `${own ?? CLASSES[type] ?? "elements"} of ${size} bytes`,
    );
  }

  #fail(rule: string, value: unknown, hint?: string): never {
    const { name } = this.#source;
    throw new SyntaxError(cannot(`read HDF5 "${name}"`, rule, value, hint));
  }
}

/**
 * Whether bytes begin as HDF5 files do.
 *
 * @param head The first bytes, eight or more.
 * @returns Whether they do.
 */
export function isHdf5(head: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    .every((byte, i) => head[i] === byte);
}
