import { ModelFormatError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byte_source.ts";
import { Hdf5File } from "../../formats/hdf5.ts";
import { npzArrays, readNpy, readNpyHeader } from "../../formats/npy.ts";
import { type StoredArray, toFloat32 } from "../../formats/stored_array.ts";
import type { WeightSource } from "../graph/graph.ts";

/** An array in a file of weights. */
export interface StoredWeight {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Its values as float32. */
  readonly read: () => Float32Array<ArrayBuffer>;
}

/** The same before its values are made float32. */
type StoredParts = Omit<StoredWeight, "read"> & {
  readonly read: () => StoredArray;
};

/** A file of weights: arrays by path, with text on groups. */
export interface WeightStore {
  readonly datasets: ReadonlyMap<string, StoredWeight>;
  /** Why other arrays cannot be read as weights, by path. */
  readonly unreadable?: ReadonlyMap<string, unknown>;
  readonly groups: ReadonlySet<string>;
  strings(path: string, name: string): readonly string[] | undefined;
  close(): void;
}

/** What models keep that does not matter at inference. */
const STATE = /^(optimizer|optimizer_weights|metrics|_?loss_tracker)$/;

/**
 * Opens weights that are HDF5; errors name the whole file. Bytes that are not
 * verified by checksums are looked at more closely.
 */
export function hdf5Store(
  bytes: ByteSource,
  source: string,
  isVerified = false,
  opaquePairs?: "bfloat16",
): WeightStore {
  const skip = (path: string) => STATE.test(path);
  const file = Hdf5File.open(bytes, { skip, isVerified, opaquePairs });
  return {
    datasets: worded(file.datasets, source),
    unreadable: new Map(
      [...file.unreadable].map(([path, error]) =>
        [path, modelError(source, error)] as const
      ),
    ),
    groups: file.groups,
    strings: (path, name) => wordedCall(source, () => file.strings(path, name)),
    close: () => file.close(),
  };
}

/** Opens weights that are a NumPy archive, keyed as groups in HDF5 are. */
export function npzStore(bytes: ByteSource, source: string): WeightStore {
  const datasets = new Map<string, StoredParts>();
  const groups = new Set<string>([""]);
  for (const [path, open] of npzArrays(bytes)) {
    if (STATE.test(path.split("/")[0]!)) continue;
    const { shape, dtype } = readNpyHeader(open());
    datasets.set(path, { path, shape, dtype, read: () => readNpy(open()) });
    const parts = path.split("/");
    parts.forEach((_, i) => groups.add(parts.slice(0, i).join("/")));
  }
  return {
    datasets: worded(datasets, source),
    groups,
    strings: () => undefined,
    close() {},
  };
}

/**
 * The weight at a path, if there is one.
 *
 * @throws {ModelFormatError} If something else is there.
 */
export function storedWeight(
  { datasets, unreadable }: WeightStore,
  path: string,
): StoredWeight | undefined {
  const reason = unreadable?.get(path);
  if (reason !== undefined) throw reason;
  return datasets.get(path);
}

/** A stored array under the name that its layer gives it. */
export function weightSource(
  name: string,
  { shape, read }: StoredWeight,
): WeightSource {
  return {
    name,
    shape,
    read: () =>
      Promise.try(() => ({
        data: read(),
        shape,
        dtype: "float32" as const,
      })),
  };
}

/** An error about bytes as one about the model that they are of. */
export function modelError(source: string, error: unknown): unknown {
  const isWorded = error instanceof ModelFormatError;
  const isAboutBytes = error instanceof SyntaxError ||
    error instanceof RangeError;
  if (isWorded || !isAboutBytes) return error;
  return new ModelFormatError(
    source,
    `it must be whole and safe: ${error.message}`,
    { cause: error },
  );
}

function worded(
  datasets: ReadonlyMap<string, StoredParts>,
  source: string,
): Map<string, StoredWeight> {
  return new Map([...datasets].map(([path, dataset]) => [path, {
    ...dataset,
    read: () =>
      wordedCall(source, () => toFloat32(dataset.read(), dataset.path)),
  }]));
}

function wordedCall<T>(source: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw modelError(source, error);
  }
}
