import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { concatFeatures } from "../../lib/features/concat_features.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import type { FeatureSetArrays } from "../../lib/features/fields.ts";

function float(data: number[], shape: number[]) {
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

const ONE = {
  features: [float([1, 2], [1, 2])],
  layerNames: ["dense"],
  penultimate: float([1, 2], [1, 2]),
  logits: float([5], [1, 1]),
  labels: [3],
  ids: ["a"],
};

function set(change: FeatureSetArrays = {}) {
  return featureSet({ ...ONE, ...change });
}

Deno.test("concatFeatures() joins everything in order", () => {
  const head = { kernel: float([1, 2], [2, 1]), bias: float([0], [1]) };
  const source = { model: "m", settings: "s" };
  const common = {
    head,
    source,
    classNames: ["x", "y"],
    activation: "sigmoid",
  } as const;
  const second = set({
    ...common,
    features: [float([3, 4, 5, 6], [2, 2])],
    penultimate: float([3, 4, 5, 6], [2, 2]),
    logits: float([6, 7], [2, 1]),
    labels: [4, 5],
    ids: ["b", "c"],
  });
  const joined = concatFeatures(set(common), second);
  assertEquals(joined.layer("dense").data, Float32Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(joined.layer("dense").shape, [3, 2]);
  assertEquals(joined.penultimate?.shape, [3, 2]);
  assertEquals(joined.logits?.data, Float32Array.of(5, 6, 7));
  assertEquals(joined.labels?.data, Int32Array.of(3, 4, 5));
  assertEquals(joined.ids, ["a", "b", "c"]);
  assertStrictEquals(joined.head?.kernel.data, head.kernel.data);
  assertEquals(joined.source, source);
  assertEquals(joined.classNames, ["x", "y"]);
  assertEquals(joined.activation, "sigmoid");
});

Deno.test("concatFeatures() moves the rows that are not finite, and counts positions on", () => {
  const part = (nonFinite: number[]) =>
    makeFeatureSet({
      features: [],
      layerNames: [],
      specs: [],
      logits: float([1, 2, 3], [3, 1]),
      ids: [0, 1, 2],
      nonFinite,
    });
  const joined = concatFeatures(part([2]), part([]), part([0, 1]));
  assertEquals(Array.from(joined.nonFinite), [2, 6, 7]);
  assertEquals(Array.from(joined.ids), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const later = featureSet({ logits: float([1], [1, 1]), ids: [7] });
  assertEquals(concatFeatures(later, later).ids, [7, 7]);
});

Deno.test("concatFeatures() keeps the source only when all sets have it", () => {
  const source = { model: "m", settings: "s" };
  assertEquals("source" in concatFeatures(set({ source }), set()), false);
  assertEquals(concatFeatures(set({ source })).source, source);
});

Deno.test("concatFeatures() copies", () => {
  const [a] = [set()];
  const joined = concatFeatures(a);
  joined.features[0]!.data[0] = 100;
  assertEquals(a.features[0]!.data[0], 1);
});

const BAD: readonly [string, FeatureSetArrays, string][] = [
  [
    "other layers",
    { layerNames: ["other"] },
    `the layers of set 0, ["dense"]: current value is ["other"]`,
  ],
  [
    "another shape",
    { features: [float([1, 2, 3], [1, 3])] },
    `layer "dense" of set 1 must be [null, 2] of float32`,
  ],
  ["another type", {
    features: [{ data: Int32Array.of(1, 2), shape: [1, 2], dtype: "int32" }],
  }, "of int32"],
  [
    "no labels",
    { labels: undefined },
    "every set or none must have labels, as set 1 must",
  ],
  ["no logits", { logits: undefined }, "every set or none must have logits"],
  [
    "other classes",
    { logits: float([1, 2], [1, 2]) },
    "logits of set 1 must be of shape [N, 1]",
  ],
  ["no penultimate", { penultimate: undefined }, "must have penultimate"],
  [
    "another model",
    { source: { model: "other", settings: "s" } },
    `the model of set 0, "m": current value is "other"`,
  ],
  [
    "other settings",
    { source: { model: "m", settings: "t" } },
    `the settings of set 0, "s": current value is "t"`,
  ],
  ["another head", {
    head: { kernel: float([1, 3], [2, 1]), bias: float([0], [1]) },
  }, "heads of set 1"],
  ["other class names", { classNames: ["z"] }, "class names of set 1"],
  ["another activation", { activation: "none" }, "activations of set 1"],
];

for (const [name, change, part] of BAD) {
  Deno.test(`concatFeatures() refuses a set with ${name}`, () => {
    const first = set({
      source: { model: "m", settings: "s" },
      head: { kernel: float([1, 2], [2, 1]), bias: float([0], [1]) },
      classNames: ["x"],
      activation: "sigmoid",
    });
    assertThrows(() => concatFeatures(first, set(change)), TypeError, part);
  });
}

Deno.test("concatFeatures() refuses what is no feature set", () => {
  assertThrows(() => concatFeatures(), TypeError, "at least one set");
  // @ts-expect-error: a promise
  const early = () => concatFeatures(Promise.resolve(set()));
  assertThrows(early, TypeError, "await");
  // @ts-expect-error: an array of sets
  assertThrows(() => concatFeatures([set()]), TypeError, "set 0 must be");
});
