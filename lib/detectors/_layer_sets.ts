/**
 * Selects layers and folds of inputs.
 *
 * @module
 */
import { makeFeatureSet } from "../features/feature_set.ts";
import type { FeatureInput, FeatureSet, WorkPacer } from "../types.ts";
import { inputStream } from "./_input_stream.ts";
import { SampleKeys } from "./sample_keys.ts";

/**
 * Selects one layer of a set. The head is kept if the layer is as wide as its
 * input.
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

/** Up to this many samples, each is a fold: exact leave-one-out fits. */
const MOST_LEFT_OUT = 64;
/** Number of cross-validation folds for more samples. */
const FOLDS = 5;

/** Cross-validation folds of samples. */
export interface Folds {
  /** The fold of each sample, `[N]`. */
  readonly foldOf: Int32Array;
  /**
   * Number of samples of each label, in the order of the labels; undefined
   * without labels.
   */
  readonly classCounts: readonly number[] | undefined;
}

/**
 * Splits samples into cross-validation folds: up to 64 samples, one each;
 * otherwise five, each with a fifth of the samples of each label.
 *
 * The fold depends on the features and the label of a sample, not on its
 * position.
 *
 * @param input The samples.
 * @param action The action, for messages.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns The folds.
 */
export async function foldsOf(
  input: FeatureInput,
  action: string,
  pacer: WorkPacer,
): Promise<Folds> {
  const [hashes, labels]: [number[], number[]] = [[], []];
  for await (const set of inputStream(input, action).read()) {
    await pacer.rest();
    const matrices = set.features.map(({ data, shape }) => ({
      data: data instanceof Float32Array ? data : Float64Array.from(data),
      rows: shape[0]!,
      columns: data.length / Math.max(1, shape[0]!),
    }));
    for (let row = 0; row < set.ids.length; row++) {
      hashes.push(SampleKeys.hashOf(matrices, row));
      if (set.labels !== undefined) labels.push(set.labels.data[row]!);
    }
  }
  const order = Int32Array.from(hashes.keys()).sort((a, b) =>
    (labels[a] ?? 0) - (labels[b] ?? 0) || hashes[a]! - hashes[b]!
  );
  const foldOf = new Int32Array(hashes.length); // [N]
  const isFew = hashes.length <= MOST_LEFT_OUT;
  order.forEach((row, i) => foldOf[row] = isFew ? row : i % FOLDS);
  const counts = new Map<number, number>();
  for (const row of order) {
    if (labels.length === 0) break;
    counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  }
  const classCounts = labels.length === 0 ? undefined : [...counts.values()];
  return { foldOf, classCounts };
}
