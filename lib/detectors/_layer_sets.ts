/**
 * Selects layers and parts of inputs.
 *
 * @module
 */
import { makeFeatureSet } from "../features/feature_set.ts";
import type { FeatureInput, FeatureSet } from "../types.ts";
import { inputStream } from "./_input_stream.ts";
import { SampleKeys } from "./sample_keys.ts";

/**
 * Selects one layer of a set. The head is kept if the layer has its width.
 *
 * @param set The set.
 * @param layer The layer's name.
 * @returns A set that shares its arrays; without features if there is no such
 * layer.
 */
export function layerSet(set: FeatureSet, layer: string): FeatureSet {
  const index = set.layerNames.indexOf(layer);
  const { head, penultimate: _, ...rest } = set;
  const shape = set.features[index]?.shape ?? [];
  const isOfHead = shape.length === 2 && shape[1] === head?.kernel.shape[0];
  const only = <T>(list: readonly T[]) => index < 0 ? [] : [list[index]!];
  return makeFeatureSet({
    ...rest,
    features: only(set.features),
    layerNames: only(set.layerNames),
    specs: only(set.specs),
    head: isOfHead ? head : undefined,
  });
}

/**
 * Maps the sets of an input while they are read.
 *
 * @param input The input.
 * @param action The action, for messages.
 * @param change Returns the new set; receives the index of its first sample.
 * @returns The mapped input, without empty sets.
 */
export function changedInput(
  input: FeatureInput,
  action: string,
  change: (set: FeatureSet, firstRow: number) => FeatureSet,
): FeatureInput {
  const { read } = inputStream(input, action);
  return async function* () {
    let first = 0;
    for await (const set of read()) {
      const changed = change(set, first);
      first += set.ids.length;
      if (changed.ids.length > 0) yield changed;
    }
  };
}

/**
 * Hashes of samples, to split them evenly, independent of order: of their ids
 * if these are strings, otherwise of their features.
 *
 * @param set The samples.
 * @returns One integer per sample.
 */
export function partingKeys(set: FeatureSet): number[] {
  const matrices = set.features.map(({ data, shape }) => ({
    data: data instanceof Float32Array ? data : Float64Array.from(data),
    rows: shape[0]!,
    columns: data.length / Math.max(1, shape[0]!),
  }));
  return Array.from(set.ids, (id, row) => SampleKeys.keyOf(id, matrices, row));
}
