/**
 * Weights in the format of `model.json`: one list of names for the whole model.
 * Each name contains its layer, and often the models around it, like the names
 * within one group of an `.h5` file; they are matched in the same way.
 *
 * @module
 */
import { ModelFormatError } from "../../errors.ts";
import { readAll } from "../../formats/byte_source.ts";
import {
  type StoredType,
  toFloat32,
  valuesOf,
} from "../../formats/stored_array.ts";
import type { BindWeights, WeightLayer } from "../keras/keras_weights.ts";
import { NameWeights } from "../keras/name_weights.ts";
import type { ManifestWeight } from "./weight_files.ts";
import type { StoredWeight, WeightStore } from "../keras/weight_store.ts";

/** The group of all weights, as for a nested model. */
const ROOT = "weightsManifest";

/**
 * Weights in one list of names.
 *
 * @param weights The weights, in the manifest's order, with open files.
 * @param name The model's name, a prefix of some names in Keras 3.
 * @param source The `model.json`, for messages.
 * @returns Finds the weights of each layer.
 * @throws {ModelFormatError} If a weight is of complex numbers.
 */
export function manifestWeights(
  weights: readonly ManifestWeight[],
  name: string,
  source: string,
): BindWeights {
  for (const { spec } of weights) checkReal(spec, source);
  const store = storeOf(weights, name);
  return (model) => {
    const className = "Functional";
    const whole: WeightLayer = { name, className, module: undefined, model };
    const outer = { isSequential: false, layers: [whole] };
    return new NameWeights(store, source, {
      ...{ root: ROOT, model: outer, byNameOnly: true },
    });
  };
}

function checkReal(
  { name, dtype }: ManifestWeight["spec"],
  source: string,
): void {
  if (dtype !== "complex64") return;
  throw new ModelFormatError(
    source,
    `weight "${name}" must be of real numbers: current dtype is "${dtype}"`,
  );
}

function storeOf(
  weights: readonly ManifestWeight[],
  model: string,
): WeightStore {
  const group = `${ROOT}/${model}`;
  const strings: Readonly<Record<string, readonly string[]>> = {
    [`${ROOT}:layer_names`]: [model],
    [`${group}:weight_names`]: weights.map(({ spec }) => spec.name),
  };
  return {
    datasets: new Map(
      weights.map((weight) => [
        `${group}/${weight.spec.name}`,
        stored(weight, `${group}/${weight.spec.name}`),
      ]),
    ),
    groups: new Set(["", ROOT, group]),
    strings: (path, name) => strings[`${path}:${name}`],
    close() {},
  };
}

function stored(weight: ManifestWeight, path: string): StoredWeight {
  const { shape, dtype } = weight.spec;
  return { path, shape, dtype, read: () => decoded(weight) };
}

/** Decodes values as TF.js does; quantised values are mapped to their range. */
function decoded({ spec, bytes }: ManifestWeight): Float32Array<ArrayBuffer> {
  const { name, shape, dtype, quantization } = spec;
  const kind = (quantization?.dtype ?? dtype) as StoredType;
  const data = valuesOf(readAll(bytes), kind);
  if (quantization === undefined || kind === "float16") {
    return toFloat32({ data, shape, dtype: kind }, name);
  }
  const { scale, min } = quantization as { scale: number; min: number };
  const isWhole = dtype === "int32";
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(data[i]!) * scale + min;
    values[i] = isWhole ? Math.round(value) : value;
  }
  return values;
}
