/**
 * Feature sets of several layers, a layer at a time, and parts of inputs.
 *
 * @module
 */
import { makeFeatureSet } from "../features/feature_set.ts";
import type { FeatureInput, FeatureSet } from "../types.ts";
import { inputStream } from "./_input_stream.ts";
import { SampleKeys } from "./sample_keys.ts";

/**
 * A set with one of its layers. The head stays where the layer is of its width.
 *
 * @param set The set.
 * @param layer The layer's name.
 * @returns A set that shares its arrays; empty of features if it has no such layer.
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
 * An input of which each set is changed as it is read.
 *
 * @param input The input.
 * @param action What is to be done, for messages.
 * @param change Gives another set; gets the number of its first sample.
 * @returns An input that can be read as often as that one; sets without samples are left out.
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
 * Numbers by which samples are parted evenly, whatever their order: of their ids
 * where these are strings, otherwise of their features.
 *
 * @param set The samples.
 * @returns One whole number a sample.
 */
export function partingKeys(set: FeatureSet): number[] {
  const matrices = set.features.map(({ data, shape }) => ({
    data: data instanceof Float32Array ? data : Float64Array.from(data),
    rows: shape[0]!,
    columns: data.length / Math.max(1, shape[0]!),
  }));
  return Array.from(set.ids, (id, row) => SampleKeys.keyOf(id, matrices, row));
}
