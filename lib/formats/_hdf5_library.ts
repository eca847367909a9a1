import type { h5wasm } from "h5wasm";
import { cannot } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";

/** The library's module. */
export type H5Module = Awaited<typeof h5wasm.ready>;
/** What the library says of a dataset. */
export type Metadata = ReturnType<H5Module["get_dataset_metadata"]>;

/** The little of Emscripten's file system that is used. */
interface FileSystem {
  writeFile(path: string, data: Uint8Array): void;
  lookupPath(path: string): { node: FileNode };
  unlink(path: string): void;
  close(stream: FileStream): void;
  readonly streams: (FileStream | null | undefined)[];
}

interface FileNode {
  usedBytes: number;
  "stream_ops": object;
}

interface FileStream {
  readonly fd: number;
  readonly node: FileNode;
}

type Loaded = { readonly module: H5Module; readonly fs: FileSystem };

const HEAP = [0x47, 0x43, 0x4f, 0x4c]; // "GCOL"
const HEAP_HEAD = 16;
const STANDARD_STREAMS = 3; // input, output and errors

let loading: Promise<Loaded> | undefined;
/** Nodes of the files that are open, which must survive a clean-up. */
const openNodes = new Set<FileNode>();

/** Loads the library when the first file is opened: it is large. */
function load(): Promise<Loaded> {
  loading ??= import("h5wasm").then(async ({ ready }) => {
    const module = await ready;
    // Otherwise a failed read gives whatever was in memory.
    module.activate_throwing_error_handler();
    return { module, fs: module.FS as unknown as FileSystem };
  });
  return loading;
}

/** One file in the library, whose bytes come from a source. */
export class Hdf5Library {
  readonly #source: ByteSource;
  readonly #loaded: Loaded;
  readonly #path = `/${crypto.randomUUID()}`; // no file can link to it
  readonly #node: FileNode;
  #id: bigint | undefined;
  #reads: [number, number][] = [];

  private constructor(source: ByteSource, loaded: Loaded) {
    this.#source = source;
    this.#loaded = loaded;
    const { fs } = loaded;
    fs.writeFile(this.#path, new Uint8Array());
    this.#node = fs.lookupPath(this.#path).node;
    this.#node.usedBytes = source.size;
    this.#node.stream_ops = {
      ...this.#node.stream_ops,
      read: (
        _: unknown,
        into: ArrayBufferView<ArrayBuffer>,
        offset: number,
        length: number,
        position: number,
      ) => this.#read(into, offset, length, position),
    };
    openNodes.add(this.#node);
  }

  /** Begins to load the library; what fails then fails again when it is used. */
  static prepare(): void {
    load().catch(() => {});
  }

  static async open(source: ByteSource): Promise<Hdf5Library> {
    const library = new Hdf5Library(source, await load());
    try {
      library.#open();
      return library;
    } catch (error) {
      library.close();
      throw error;
    }
  }

  /** Calls the library; what it throws is worded here. */
  run<T>(call: (module: H5Module, id: bigint) => T): T {
    this.checkOpen();
    return this.#guarded(() => call(this.#loaded.module, this.#id!));
  }

  checkOpen(): void {
    if (this.#id !== undefined) return;
    throw new TypeError(
      cannot(`read "${this.#source.name}"`, "it must be open", "closed"),
    );
  }

  texts(path: string, name: string): readonly string[] | undefined {
    return this.run((module, id) => {
      const at = `/${path}`;
      if (!module.get_attribute_names(id, at).includes(name)) return undefined;
      const metadata = module.get_attribute_metadata(id, at, name);
      const { shape, size, total_size: count, type, vlen } = metadata;
      if (count === 0) return [];
      const rule = `attribute "${name}" of "${at}" must be text`;
      if (shape === null || type !== module.H5T_class_t.H5T_STRING.value) {
        this.#fail(rule, `type ${type}`);
      }
      if (size * count > this.#source.size) this.#fail(rule, "too long");
      const pointer = this.#allocate(size * count);
      try {
        module.get_attribute_data(id, at, name, BigInt(pointer));
        const bytes = module.HEAPU8.slice(pointer, pointer + size * count);
        if (!vlen) return fixedTexts(bytes, size);
        const pointers = [...new Uint32Array(bytes.buffer)];
        const texts = pointers.map((p) => p === 0 ? "" : textAt(module, p));
        module.reclaim_vlen_memory(id, at, name, BigInt(pointer));
        return texts;
      } finally {
        module._free(pointer);
      }
    });
  }

  /** What the library reads of the file for a dataset's first value. */
  firstReads(path: string, axes: number): readonly [number, number][] {
    const one = axes === 0 ? null : Array<bigint>(axes).fill(1n);
    const zero = axes === 0 ? null : Array<bigint>(axes).fill(0n);
    const pointer = this.#allocate(8);
    try {
      this.#reads = [];
      this.run((module, id) =>
        module.get_dataset_data(id, path, one, zero, one, BigInt(pointer))
      );
      return this.#reads;
    } finally {
      this.#loaded.module._free(pointer);
    }
  }

  /** A dataset's bytes, through the library, which undoes its compression. */
  values(path: string, length: number, axes: number): Uint8Array<ArrayBuffer> {
    this.checkOpen();
    const pointer = this.#allocate(length);
    try {
      return this.run((module, id) => {
        if (axes === 0) this.#fail(`"${path}" must have axes`, "none");
        module.get_dataset_data(id, path, null, null, null, BigInt(pointer));
        return Uint8Array.from(
          module.HEAPU8.subarray(pointer, pointer + length),
        );
      });
    } finally {
      this.#loaded.module._free(pointer);
    }
  }

  close(): void {
    const { module, fs } = this.#loaded;
    if (!openNodes.delete(this.#node)) return;
    try {
      if (this.#id !== undefined) module.close_file(this.#id);
    } catch {
      // What a failed call left open cannot be closed by its id; streams can.
    }
    this.#id = undefined;
    this.#node.stream_ops = {};
    this.#closeStreams();
    fs.unlink(this.#path);
  }

  #open(): void {
    const { module } = this.#loaded;
    const mode = module.H5F_ACC_RDONLY;
    const id = this.#guarded(() =>
      module.open(this.#path, mode, false, -1, -1)
    );
    if (id < 0n) this.#fail("it must be HDF5", "something else");
    this.#id = id;
  }

  #read(
    into: ArrayBufferView<ArrayBuffer>,
    offset: number,
    length: number,
    position: number,
  ): number {
    const count = Math.max(0, Math.min(length, this.#source.size - position));
    this.#reads.push([position, count]);
    const at = into.byteOffset + offset;
    const bytes = new Uint8Array(into.buffer, at, count);
    this.#source.read(position, bytes);
    if (HEAP.every((letter, i) => bytes[i] === letter)) {
      checkHeap(this.#source, position);
    }
    return count;
  }

  #allocate(length: number): number {
    const { module } = this.#loaded;
    const pointer = length > module.MAXIMUM_MEMORY ? 0 : module._malloc(length);
    if (pointer === 0) {
      this.#fail("a compressed dataset must fit the library's memory", length);
    }
    return pointer;
  }

  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      this.#closeStreams();
      if (error instanceof SyntaxError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      const reasons = [...text.matchAll(/in (\w+)\(\): (.*)/g)];
      const [, where, what] = reasons.at(-1) ?? [];
      throw new SyntaxError(
        cannot(
          `read HDF5 "${this.#source.name}"`,
          "it must be whole and sound",
          where === undefined ? text : `${what} (${where})`,
        ),
        { cause: error },
      );
    }
  }

  /** Each error leaves a stream open in the library, and there are not many. */
  #closeStreams(): void {
    const { fs } = this.#loaded;
    for (const stream of [...fs.streams]) {
      if (!stream || stream.fd < STANDARD_STREAMS) continue;
      if (!openNodes.has(stream.node)) fs.close(stream);
    }
  }

  #fail(rule: string, value: unknown): never {
    throw new SyntaxError(
      cannot(`read HDF5 "${this.#source.name}"`, rule, value),
    );
  }
}

/**
 * Checks a heap of texts before the library walks through it: an empty gap of
 * no size would hold it there for ever.
 */
function checkHeap(source: ByteSource, position: number): void {
  const fail = (value: number): never => {
    throw new SyntaxError(
      cannot(
        `read HDF5 "${source.name}"`,
        "its texts must lie in their heap",
        `byte ${value}`,
      ),
    );
  };
  const head = new DataView(new ArrayBuffer(HEAP_HEAD));
  if (position + HEAP_HEAD > source.size) fail(position);
  source.read(position, new Uint8Array(head.buffer));
  const size = Number(head.getBigUint64(8, true));
  if (position + size > source.size) fail(position);
  for (let at = HEAP_HEAD; at + HEAP_HEAD <= size;) {
    source.read(position + at, new Uint8Array(head.buffer));
    const index = head.getUint16(0, true);
    const length = Number(head.getBigUint64(8, true));
    const step = index === 0 ? length : HEAP_HEAD + Math.ceil(length / 8) * 8;
    if (step < HEAP_HEAD || at + step > size) fail(position + at);
    at += step;
  }
}

function fixedTexts(bytes: Uint8Array, size: number): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return Array.from({ length: bytes.length / size }, (_, i) => {
    const text = bytes.subarray(i * size, (i + 1) * size);
    const end = text.indexOf(0);
    return decoder.decode(end < 0 ? text : text.subarray(0, end));
  });
}

/** Text that ends with a zero, in UTF-8 whatever the file says it is. */
function textAt(module: H5Module, pointer: number): string {
  const end = module.HEAPU8.indexOf(0, pointer);
  const bytes = module.HEAPU8.slice(pointer, end);
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
