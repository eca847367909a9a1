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

/** Its values before the conversion to float32. */
type StoredParts = Omit<StoredWeight, "read"> & {
  readonly read: () => StoredArray;
};

/** A file of weights: arrays by path, with string attributes of groups. */
export interface WeightStore {
  readonly datasets: ReadonlyMap<string, StoredWeight>;
  /** Reasons why other arrays cannot be read as weights, by path. */
  readonly unreadable?: ReadonlyMap<string, unknown>;
  readonly groups: ReadonlySet<string>;
  strings(path: string, name: string): readonly string[] | undefined;
  close(): void;
}

/** State of models that does not matter at inference. */
const STATE = /^(optimizer|optimizer_weights|metrics|_?loss_tracker)$/;

/**
 * Opens HDF5 weights; errors name the model file. Bytes without checksums are
 * checked more strictly.
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

/** Opens weights in a NumPy archive, keyed like groups in HDF5. */
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
 * @throws {ModelFormatError} If the path is not a weight.
 */
export function storedWeight(
  { datasets, unreadable }: WeightStore,
  path: string,
): StoredWeight | undefined {
  const reason = unreadable?.get(path);
  if (reason !== undefined) throw reason;
  return datasets.get(path);
}

/** A stored array, under the name in its layer. */
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

/** Rewrites an error about bytes to one about the model. */
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
