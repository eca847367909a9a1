import { assertEquals, assertThrows } from "@std/assert";
import { featureSet } from "../../../lib/features/feature_set.ts";
import {
  checkFeatureSet,
  findArray,
  isFeatureSet,
  shownArrays,
} from "../../../lib/features/view/shown_arrays.ts";

const ARRAY = {
  data: new Float32Array(2),
  shape: [1, 2],
  dtype: "float32",
} as const;
const SET = featureSet({
  features: [ARRAY, ARRAY],
  layerNames: ["conv", "logits"],
  penultimate: ARRAY,
  logits: ARRAY,
});

Deno.test("shownArrays() lists layers, then penultimate and logits", () => {
  assertEquals(shownArrays(SET).map(({ title }) => title), [
    ...['layer "conv"', 'layer "logits"', "penultimate", "logits"],
  ]);
  assertEquals(shownArrays(featureSet({ labels: [1] })), []);
});

Deno.test("findArray() finds by name, a layer first", () => {
  const arrays = shownArrays(SET);
  assertEquals(findArray(arrays, "logits").title, 'layer "logits"');
  assertEquals(findArray(arrays, "penultimate").title, "penultimate");
  assertThrows(
    () => findArray(arrays, "cnv"),
    RangeError,
    'Cannot find layer "cnv" in the feature set: nearest name is "conv"',
  );
  assertThrows(
    () => findArray(arrays.slice(0, 1), "qqqqqqqqqqq"),
    RangeError,
    'names are ["conv"]',
  );
});

Deno.test("checkFeatureSet() refuses what is none", () => {
  checkFeatureSet(SET, "draw");
  assertEquals([isFeatureSet(SET), isFeatureSet({ features: [] })], [
    ...[true, false],
  ]);
  assertThrows(
    () => checkFeatureSet([1], "draw"),
    TypeError,
    "Cannot draw as its argument must be a feature set: current value is [1]",
  );
  assertThrows(
    () => checkFeatureSet(Promise.resolve(SET), "draw"),
    TypeError,
    "write await before it",
  );
});
