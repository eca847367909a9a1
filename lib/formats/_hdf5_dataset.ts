import { sizeOf } from "../check.ts";
import type { Hdf5Bytes } from "./_hdf5_bytes.ts";
import { type Chunk, type Layout, readLayout } from "./_hdf5_chunks.ts";
import { type Filter, readFilters, unfilter } from "./_hdf5_filters.ts";
import { type Hdf5Objects, MESSAGES } from "./_hdf5_objects.ts";
import { type ElementType, readSpace, readType } from "./_hdf5_types.ts";
import {
  type StoredArray,
  type StoredType,
  swapBytes,
  valuesOf,
} from "./stored_array.ts";

/** A dataset: its description, and reading of its values. */
export interface Hdf5Values {
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  /** Bytes of all values. */
  readonly length: number;
  readonly read: () => StoredArray;
}

/** The path of the dataset. */
export interface DatasetQuery {
  readonly at: number;
  readonly path: string;
  /** Maximum number of bytes. */
  readonly most: number;
  /** The element type in an attribute, as written by Keras. */
  readonly named: string | undefined;
  /** The type of opaque 2-byte elements without such an attribute. */
  readonly opaquePairs?: "bfloat16" | undefined;
}

/** Chunked values, with the data to assemble them. */
interface ChunkedValues {
  readonly path: string;
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly size: number;
  readonly layout: Layout & { kind: "chunks" };
  readonly filters: readonly Filter[];
}

/** Whether the values of a dataset are in other files. */
export function isInOtherFiles(objects: Hdf5Objects, at: number): boolean {
  const layout = objects.message(at, MESSAGES.layout)?.skip(1);
  return objects.message(at, MESSAGES.otherFiles) !== undefined ||
    layout?.u8() === 3; // a virtual dataset
}

/**
 * Checks a dataset, and records the location of its values.
 *
 * @throws {SyntaxError} If it does not contain numbers, or is incomplete.
 */
export function openDataset(
  file: Hdf5Bytes,
  objects: Hdf5Objects,
  { at, path, most, named, opaquePairs }: DatasetQuery,
): Hdf5Values {
  const need = (type: number) =>
    objects.message(at, type) ??
      file.fail(`"${path}" must have a shape, a type and values`, "none");
  const type = readType(file, need(MESSAGES.type));
  const space = readSpace(file, need(MESSAGES.space));
  const layout = readLayout(file, need(MESSAGES.layout), objects.chunkKeys);
  const { size } = type;
  const { shape } = space;
  const length = sizeOf(shape) * size;
  const values = { path, shape, size };
  const claimed = () =>
    layout.kind === "chunks"
      ? chunkReader(file, objects, at, { ...values, layout }, { space, most })
      : plainReader(file, layout, length, path);
  const dtype = numbersOf(type, named, opaquePairs);
  const isBounded = Number.isSafeInteger(length) && length <= most;
  if (dtype === undefined || !isBounded) {
    try {
      claimed(); // skipped values are recorded too
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  if (dtype === undefined) {
    const found = `${named ?? type.what} of ${size} bytes`;
    return file.fail(`"${path}" must hold numbers`, found);
  }
  if (!isBounded) {
    file.fail(
      `datasets must hold at most ${most} bytes more, for the file's size, "${path}" among them`,
      shape,
    );
  }
  const bytes = claimed();
  const read = () => {
    const data = bytes();
    if (type.isSwapped) swapBytes(data, size);
    return { data: valuesOf(data, dtype), shape, dtype };
  };
  return { shape: Object.freeze([...shape]), dtype, length, read };
}

type Reader = () => Uint8Array<ArrayBuffer>;

/** Values that are not chunked. */
function plainReader(
  file: Hdf5Bytes,
  layout: Exclude<Layout, { kind: "chunks" }>,
  length: number,
  path: string,
): Reader {
  const stored = layout.kind === "inside" ? layout.data.length : layout.length;
  if (length === 0) return () => new Uint8Array();
  if (stored !== length) {
    file.fail(`"${path}" must hold ${length} bytes`, stored);
  }
  if (layout.kind === "inside") return () => Uint8Array.from(layout.data);
  const { at } = layout;
  if (at === undefined) {
    return file.fail(
      `"${path}" must hold its values in the file`,
      `none of ${length} bytes`,
    );
  }
  const what = `the values of "${path}"`;
  file.claim(at, length, what, true);
  return () => file.values(at, length, what);
}

/** Chunked values; each chunk must exist exactly once. */
function chunkReader(
  file: Hdf5Bytes,
  objects: Hdf5Objects,
  at: number,
  values: Omit<ChunkedValues, "filters">,
  { space, most }: {
    readonly space: ReturnType<typeof readSpace>;
    /** Maximum number of bytes of a chunk, which is decompressed whole. */
    readonly most: number;
  },
): Reader {
  const { path, shape, size, layout } = values;
  const { sizes } = layout;
  const message = objects.message(at, MESSAGES.filters);
  const filters = message === undefined ? [] : readFilters(file, message, size);
  const isSound = sizes.length === shape.length + 1 && shape.length > 0 &&
    sizes.at(-1) === size && sizes.every((n) => n > 0) &&
    sizeOf(sizes) <= most;
  if (!isSound) file.fail(`chunks of "${path}" must fit it`, sizes);
  const counts = shape.map((n, axis) => Math.ceil(n / sizes[axis]!));
  const chunks = new Map<string, Chunk>();
  const isFiltered = filters.length > 0;
  for (const chunk of layout.list({ space, isFiltered })) {
    const { index } = chunk;
    const key = index.join();
    const isKnown = index.every((n, axis) =>
      Number.isInteger(n) && n < space.most[axis]!
    );
    if (!isKnown || chunks.has(key)) {
      file.fail(`chunks of "${path}" must be unique, and lie in it`, key);
    }
    file.claim(chunk.at, chunk.length, `a chunk of "${path}"`, true);
    // Space for values that may be appended is stored too.
    if (index.every((n, axis) => n < counts[axis]!)) chunks.set(key, chunk);
  }
  if (chunks.size !== sizeOf(counts)) {
    file.fail(`"${path}" must have ${sizeOf(counts)} chunks`, chunks.size);
  }
  return () => joined(file, { ...values, filters }, chunks.values());
}

/** Assembles the chunks. */
function joined(
  file: Hdf5Bytes,
  { path, shape, size, layout, filters }: ChunkedValues,
  chunks: Iterable<Chunk>,
): Uint8Array<ArrayBuffer> {
  const { sizes, isEdgePlain } = layout;
  const length = sizeOf(sizes);
  const result = new Uint8Array(sizeOf(shape) * size);
  for (const chunk of chunks) {
    const starts = chunk.index.map((n, axis) => n * sizes[axis]!);
    const ends = starts.map((n, axis) =>
      Math.min(n + sizes[axis]!, shape[axis]!)
    );
    const isEdge = ends.some((n, axis) => n < starts[axis]! + sizes[axis]!);
    const what = `a chunk of "${path}"`;
    const bytes = unfilter(file, file.values(chunk.at, chunk.length, what), {
      filters: isEdge && isEdgePlain ? [] : filters,
      ...{ mask: chunk.mask, length, elementSize: size, path },
    });
    const copy = (axis: number, from: number, to: number): void => {
      const count = ends[axis]! - starts[axis]!;
      const first = to + starts[axis]!;
      if (axis === shape.length - 1) {
        const row = bytes.subarray(from * size, (from + count) * size);
        return result.set(row, first * size);
      }
      for (let i = 0; i < count; i++) {
        copy(
          axis + 1,
          (from + i) * sizes[axis + 1]!,
          (first + i) * shape[axis + 1]!,
        );
      }
    };
    copy(0, 0, 0);
  }
  return result;
}

/** The type of the numbers that a dataset holds, if it holds any. */
function numbersOf(
  { dtype, size, what }: ElementType,
  named: string | undefined,
  opaquePairs: "bfloat16" | undefined,
): StoredType | undefined {
  const isPair = what === "opaque elements" && size === 2;
  if (isPair && (named ?? opaquePairs) === "bfloat16") return "bfloat16";
  // Floats with another declared type would be rounded by Keras.
  const isRounded = dtype?.startsWith("float") && named !== undefined;
  return isRounded ? undefined : dtype;
}
