/**
 * Weights under the names that `.h5` files give them, without a file.
 *
 * @module
 */
import type {
  WeightLayer,
  WeightModel,
} from "../../../lib/models/keras/keras_weights.ts";
import { NameWeights } from "../../../lib/models/keras/name_weights.ts";
import type { WeightStore } from "../../../lib/models/keras/weight_store.ts";

export type Listed = Readonly<Record<string, readonly string[]>>;

/** A store as Keras lists it; the arrays hold their number. */
export function storeOf(listed: Listed, change: Listed = {}): WeightStore {
  const paths = Object.entries(listed)
    .flatMap(([layer, names]) => names.map((name) => `m/${layer}/${name}`));
  const datasets = new Map(paths.map((path, i) => [path, {
    path,
    shape: path.endsWith("count") ? [] : [1],
    dtype: path.endsWith("count") ? "int32" : "float32",
    read: () => Float32Array.of(i),
  }]));
  const texts: Record<string, readonly string[]> = {
    "m layer_names": Object.keys(listed),
    ...Object.fromEntries(
      Object.entries(listed).map((
        [n, names],
      ) => [`m/${n} weight_names`, names]),
    ),
    ...change,
  };
  const groups = new Set([
    "",
    "m",
    ...Object.keys(listed).map((n) => `m/${n}`),
  ]);
  return {
    datasets,
    groups,
    strings: (path, name) => {
      const found = texts[`${path} ${name}`];
      return found?.[0] === "absent" ? undefined : found;
    },
    close() {},
  };
}

export function layer(
  name: string,
  className = "Dense",
  layers?: WeightLayer[],
): WeightLayer {
  const model: WeightModel | undefined = layers && {
    isSequential: false,
    layers,
  };
  return { name, className, module: undefined, model };
}

export function bind(store: WeightStore, layers: WeightLayer[]) {
  const model = { isSequential: false, layers };
  return new NameWeights(store, "x.h5", { root: "m", model });
}

export async function valuesOf(
  sources: ReturnType<ReturnType<typeof bind>["take"]>,
): Promise<number[]> {
  return await Promise.all(
    sources.map(async ({ read }) => (await read()).data[0]!),
  );
}
