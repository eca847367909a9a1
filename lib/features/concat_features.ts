/**
 * Concatenates feature sets.
 *
 * @module
 */
import { cannot, checkAwaited, shapeText } from "../check.ts";
import type { FeatureSet, LinearHead, NdArray } from "../types.ts";
import { makeFeatureSet } from "./feature_set.ts";
import type { FeatureData } from "./fields.ts";
import { joinRows } from "./rows.ts";

const ACTION = "concatenate feature sets";

/**
 * Concatenates feature sets of the same layers along the samples. Copies the
 * arrays.
 *
 * Labels, logits and penultimate must be in all sets or in none. The head, the
 * activation and the class names must be equal in the sets that have them; the
 * source is kept only if all sets have it. If the ids of every set are indices
 * from 0, so are those of the result; other ids are kept.
 *
 * @category Feature sets
 * @param sets Feature sets, at least one.
 * @returns A set of all samples, in the order of `sets`.
 * @throws {TypeError} If sets differ in layers, shapes, types or source, or one
 * is a promise.
 *
 * @example Two sets of one sample
 * ```ts
 * import { concatFeatures, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = [[1, 2], [3, 4]].map((row) => {
 *   const data = Float32Array.from(row);
 *   return featureSet({ logits: { data, shape: [1, 2], dtype: "float32" } });
 * });
 * assert.deepEqual(concatFeatures(a!, b!).logits?.shape, [2, 2]);
 * ```
 */
export function concatFeatures(...sets: FeatureSet[]): FeatureSet {
  const [first] = sets;
  if (first === undefined) {
    throw new TypeError(
      cannot(ACTION, "there must be at least one set", sets.length),
    );
  }
  sets.forEach((set, i) => {
    checkAwaited(set, ACTION, `set ${i}`);
    const isSet = typeof set === "object" && set !== null &&
      Array.isArray(set.features) && set.ids !== undefined;
    if (!isSet) {
      throw new TypeError(
        cannot(ACTION, `set ${i} must be a feature set`, set),
      );
    }
  });
  for (const [i, set] of sets.entries()) checkAgainst(first, set, i);
  const hasSource = sets.every(({ source }) => source !== undefined);
  return makeFeatureSet({
    features: first.features.map((_, layer) =>
      joinRows(sets.map(({ features }) => features[layer]!))
    ),
    layerNames: first.layerNames,
    specs: first.specs,
    penultimate: joinAll(sets.map((set) => set.penultimate), "penultimate"),
    logits: joinAll(sets.map((set) => set.logits), "logits"),
    labels: joinAll(sets.map((set) => set.labels), "labels"),
    classNames: agreed(sets.map((set) => set.classNames), "class names"),
    ids: joinIds(sets),
    head: agreed(sets.map((set) => set.head), "heads", sameHead),
    activation: agreed(sets.map((set) => set.activation), "activations"),
    nonFinite: joinNonFinite(sets),
    source: hasSource ? first.source : undefined,
  });
}

function checkAgainst(first: FeatureSet, set: FeatureSet, index: number): void {
  const [wanted, found] = [first, set].map(({ layerNames }) =>
    layerNames.map((name) => `"${name}"`).join(", ")
  );
  if (wanted !== found) {
    throw new TypeError(
      cannot(
        ACTION,
        `set ${index} must have the layers of set 0, [${wanted}]`,
        [...set.layerNames],
      ),
    );
  }
  first.layerNames.forEach((name, layer) => {
    const [before, now] = [first, set].map(({ features, specs }) => {
      const { shape, dtype } = features[layer]!;
      const { form, channels = "unknown" } = specs[layer]!;
      const trailing = shapeText([null, ...shape.slice(1)]);
      return `${trailing} of ${dtype}, ${form}, channels ${channels}`;
    });
    if (before === now) return;
    const rule = `layer "${name}" of set ${index} must be ${before}`;
    throw new TypeError(cannot(ACTION, rule, now));
  });
  if (first.source === undefined || set.source === undefined) return;
  for (const part of ["model", "settings"] as const) {
    if (first.source[part] === set.source[part]) continue;
    throw new TypeError(
      cannot(
        ACTION,
        `set ${index} must be made by the ${part} of set 0, "${
          first.source[part]
        }"`,
        set.source[part],
      ),
    );
  }
}

function joinAll<T extends FeatureData>(
  arrays: readonly (NdArray<T> | undefined)[],
  name: string,
): NdArray<T> | undefined {
  const there = arrays.filter((array) => array !== undefined);
  if (there.length === 0) return undefined;
  if (there.length < arrays.length) {
    const without = arrays.indexOf(undefined);
    const rule = `every set or none must have ${name}, as set ${without} must`;
    throw new TypeError(cannot(ACTION, rule, undefined));
  }
  const width = there[0]!.shape[1];
  there.forEach(({ shape }, i) => {
    if (shape[1] === width) return;
    const rule = `${name} of set ${i} must be of shape [N, ${width}]`;
    throw new TypeError(cannot(ACTION, rule, [...shape]));
  });
  return joinRows(there);
}

/** The common value of all sets that have one. */
function agreed<T>(
  values: readonly (T | undefined)[],
  name: string,
  same: (a: T, b: T) => boolean = (a, b) =>
    JSON.stringify(a) === JSON.stringify(b),
): T | undefined {
  const there = values.filter((value) => value !== undefined);
  const [first] = there;
  const other = there.find((value) => !same(first!, value));
  if (other === undefined) return first;
  const set = values.indexOf(other);
  const rule = `${name} of set ${set} must be those of the sets before`;
  throw new TypeError(cannot(ACTION, rule, other));
}

function sameHead(a: LinearHead, b: LinearHead): boolean {
  return (["kernel", "bias"] as const).every((part) => {
    const [first, second] = [a[part], b[part]];
    if (first.data === second.data) return true;
    return shapeText(first.shape) === shapeText(second.shape) &&
      first.data.every((value, i) => Object.is(value, second.data[i]));
  });
}

function joinIds(sets: readonly FeatureSet[]): readonly (string | number)[] {
  const positions = sets.every(({ ids }) =>
    Array.from(ids).every((id, row) => id === row)
  );
  const joined = sets.flatMap(({ ids }) => Array.from(ids));
  return Object.freeze(positions ? joined.map((_, row) => row) : joined);
}

function joinNonFinite(sets: readonly FeatureSet[]): number[] {
  let start = 0;
  return sets.flatMap(({ nonFinite, ids }) => {
    const rows = Array.from(nonFinite, (row) => start + row);
    start += ids.length;
    return rows;
  });
}
