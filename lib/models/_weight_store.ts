import type { ByteSource } from "../formats/byte_source.ts";
import { Hdf5File } from "../formats/hdf5.ts";
import { npzArrays, readNpy, readNpyHeader } from "../formats/npy.ts";
import { type StoredArray, toFloat32 } from "../formats/stored_array.ts";
import type { WeightSource } from "./graph.ts";

/** An array in a file of weights. */
export interface StoredWeight {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly read: () => StoredArray;
}

/** A file of weights: arrays by path, with text on groups. */
export interface WeightStore {
  readonly datasets: ReadonlyMap<string, StoredWeight>;
  readonly groups: ReadonlySet<string>;
  texts(path: string, name: string): readonly string[] | undefined;
  close(): void;
}

/** What models keep that does not matter at inference. */
const STATE = /^(optimizer|optimizer_weights|metrics|_?loss_tracker)$/;

/** Opens weights that are HDF5. */
export function hdf5Store(source: ByteSource): Promise<WeightStore> {
  return Hdf5File.open(source, { skip: (path) => STATE.test(path) });
}

/** Opens weights that are a NumPy archive, keyed as groups in HDF5 are. */
export function npzStore(source: ByteSource): WeightStore {
  const datasets = new Map<string, StoredWeight>();
  const groups = new Set<string>([""]);
  for (const [path, open] of npzArrays(source)) {
    if (STATE.test(path.split("/")[0]!)) continue;
    const { shape, dtype } = readNpyHeader(open());
    datasets.set(path, { path, shape, dtype, read: () => readNpy(open()) });
    const parts = path.split("/");
    parts.forEach((_, i) => groups.add(parts.slice(0, i).join("/")));
  }
  return { datasets, groups, texts: () => undefined, close() {} };
}

/** A stored array under the name that its layer gives it. */
export function weightSource(
  name: string,
  { path, shape, read }: StoredWeight,
): WeightSource {
  return {
    name,
    shape,
    read: () =>
      Promise.try(() => ({
        data: toFloat32(read(), path),
        shape,
        dtype: "float32" as const,
      })),
  };
}
