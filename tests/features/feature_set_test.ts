import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { tf } from "../../lib/tf.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import type { FeatureSet } from "../../lib/types.ts";

function float(data: number[], shape: number[]) {
  return { data: Float32Array.from(data), shape, dtype: "float32" } as const;
}

const MAP = float([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
const VECTOR = float([1, 2, 3], [3, 1]);

function sample(): FeatureSet {
  return makeFeatureSet({
    features: [MAP, VECTOR],
    layerNames: ["conv", "dense"],
    specs: [
      { name: "conv", channels: "last", form: "raw" },
      { name: "dense", form: "raw" },
    ],
    penultimate: VECTOR,
    logits: float([0, 1, 2, 3, 4, 5], [3, 2]),
    labels: { data: Int32Array.of(0, 1, 1), shape: [3], dtype: "int32" },
    classNames: ["cat", "dog"],
    ids: ["a", "b", "c"],
    head: { kernel: float([1, 2], [1, 2]), bias: float([0, 0], [2]) },
    activation: "softmax",
    nonFinite: [1, 2],
    source: { model: "abc", settings: "{}" },
  });
}

Deno.test("featureSet() holds what it was passed, and positions as ids", () => {
  const logits = float([9, 0, 1, 1], [2, 2]);
  const set = featureSet({ logits, labels: [1, 0] });
  assertStrictEquals(set.logits?.data, logits.data);
  assertEquals(set.labels?.data, Int32Array.of(1, 0));
  assertEquals(Array.from(set.ids), [0, 1]);
  assertEquals([set.features.length, set.nonFinite.length], [0, 0]);
  assertEquals("penultimate" in set || "source" in set, false);
});

Deno.test("featureSet() names layers by position when no names are passed", () => {
  const set = featureSet({ features: [MAP, VECTOR] });
  assertEquals(set.layerNames, ["feature0", "feature1"]);
  assertEquals(set.specs[1], { name: "feature1", form: "raw" });
});

Deno.test("featureSet() is frozen, and changes nothing of the caller's", () => {
  const shape = [2, 1];
  const features = [{
    data: Float32Array.of(1, 2),
    shape,
    dtype: "float32" as const,
  }];
  const layerNames = ["a"];
  const ids = [5, 6];
  const set = featureSet({ features, layerNames, ids });
  for (const mine of [shape, features, features[0], layerNames, ids]) {
    assert(!Object.isFrozen(mine));
  }
  layerNames[0] = "b";
  ids[0] = 7;
  shape[0] = 9;
  assertEquals([set.layerNames[0], set.ids[0]], ["a", 5]);
  assertEquals(set.features[0]?.shape, [2, 1]);
  const parts = [set, set.features, set.features[0], set.specs, set.specs[0]];
  for (const part of parts) assert(Object.isFrozen(part));
  for (const part of [set.layerNames, set.ids]) assert(Object.isFrozen(part));
  assertEquals("then" in set, false);
});

Deno.test("layer() finds a feature, or names the nearest", () => {
  assertStrictEquals(sample().layer("dense").data, VECTOR.data);
  const wrong = () => sample().layer("dens");
  assertThrows(wrong, RangeError, `nearest names are "dense"`);
  const far = () => sample().layer("xxxxxxxxxxxxx");
  assertThrows(far, RangeError, `names are ["conv", "dense"]`);
});

Deno.test("select() takes rows of everything, in the passed order", () => {
  const set = sample().select([2, 0]);
  assertEquals(set.layer("dense").data, Float32Array.of(3, 1));
  assertEquals(
    set.layer("conv").data,
    Float32Array.of(9, 10, 11, 12, 1, 2, 3, 4),
  );
  assertEquals(set.logits?.data, Float32Array.of(4, 5, 0, 1));
  assertEquals(set.penultimate?.data, Float32Array.of(3, 1));
  assertEquals(set.labels?.data, Int32Array.of(1, 0));
  assertEquals(Array.from(set.ids), ["c", "a"]);
  assertEquals(Array.from(set.nonFinite), [0]);
  assertEquals(set.head?.kernel.shape, [1, 2]);
  assertEquals([set.activation, set.source?.model], ["softmax", "abc"]);
});

Deno.test("select() takes a function, and may leave nothing", () => {
  const even = sample().select((row) => row % 2 === 0);
  assertEquals(Array.from(even.ids), ["a", "c"]);
  const none = sample().select(() => false);
  assertEquals([none.ids.length, none.layer("conv").shape[0]], [0, 0]);
});

Deno.test("select() refuses rows that are not there", () => {
  const set = sample();
  for (const row of [3, -1, 0.5, NaN]) {
    const run = () => set.select([0, row]);
    assertThrows(run, RangeError, `"rows[1]" must be a row number from 0 to 2`);
  }
  // @ts-expect-error: a text is no row
  assertThrows(() => set.select(["0"]), TypeError, `"rows[0]"`);
  // @ts-expect-error: a number is no array
  assertThrows(() => set.select(1), TypeError, "an array of row numbers");
  // @ts-expect-error: a promise is no array
  assertThrows(() => set.select(Promise.resolve([1])), TypeError, "await");
  // @ts-expect-error: a promise is neither true nor false
  const later = () => set.select(() => Promise.resolve(false));
  assertThrows(later, TypeError, "true or false");
});

Deno.test("pooled() pools maps and leaves vectors as they are", () => {
  const set = sample().pooled("mean");
  assertEquals(set.layer("conv").data, Float32Array.of(2, 3, 6, 7, 10, 11));
  assertStrictEquals(set.layer("dense").data, VECTOR.data);
  assertEquals(set.specs, [
    { name: "conv", form: "pooled" },
    { name: "dense", form: "raw" },
  ]);
  const settings = `{"of":"{}","pooled":{"kind":"mean"}}`;
  assertEquals(set.source, { model: "abc", settings });
  assertStrictEquals(set.pooled("max"), set);
});

Deno.test("pooled() takes the channels that it is told", () => {
  const set = sample().pooled("max", { channels: "first" });
  assertEquals(set.layer("conv").data, Float32Array.of(2, 4, 6, 8, 10, 12));
});

Deno.test("pooled() refuses maps whose channels are not known", () => {
  const set = featureSet({ features: [MAP], layerNames: ["conv"] });
  const error = assertThrows(() => set.pooled("mean"), TypeError);
  assertEquals(
    error.message,
    `Cannot pool features as the channel axis of layer "conv" must be known: current value is "unknown"; pass { channels: "last" } or "first"`,
  );
  // @ts-expect-error: no such kind
  assertThrows(() => set.pooled("sum"), RangeError, `"kind" must be one of`);
  // @ts-expect-error: no such axis
  const middle = () => set.pooled("max", { channels: "middle" });
  assertThrows(middle, RangeError, `"channels"`);
  // @ts-expect-error: no such option
  const unknown = () => set.pooled("max", { channel: "last" });
  assertThrows(unknown, TypeError, "option");
});

Deno.test("tensors() copies into tensors that the caller disposes", () => {
  const half = {
    data: Float16Array.of(1.5, 2),
    shape: [2, 1],
    dtype: "float16",
  } as const;
  const whole = {
    data: Int32Array.of(3, 4),
    shape: [2],
    dtype: "int32",
  } as const;
  const logits = float([1, 2], [2, 1]);
  const set = featureSet({ features: [half, whole], logits, labels: [0, 1] });
  const before = tf.memory().numTensors;
  const made = set.tensors();
  assertEquals(tf.memory().numTensors, before + 4);
  assertEquals(made.features.map(({ dtype }) => dtype), ["float32", "int32"]);
  assertEquals(Array.from(made.features[0]!.dataSync()), [1.5, 2]);
  assertEquals(made.labels?.dtype, "int32");
  made.logits!.dataSync()[0] = 7;
  assertEquals(logits.data[0], 1);
  tf.dispose([...made.features, made.logits!, made.labels!]);
  assertEquals(tf.memory().numTensors, before);
  assertEquals(Object.keys(featureSet({ ids: ["a"] }).tensors()), ["features"]);
});

Deno.test("FeatureSet prints itself as text", () => {
  const text = Deno.inspect(sample());
  assert(text.startsWith("FeatureSet of 3 samples"), text);
  assert(text.includes("dense") && text.includes("[3, 2, 2]"), text);
});

Deno.test("featureSet() takes the element type of arrays without one from their class", () => {
  const logits = { data: Float32Array.of(1, 2), shape: [1, 2] } as never;
  const features = [{ data: Int32Array.of(3), shape: [1, 1] } as never];
  const set = featureSet({ features, logits });
  assertEquals(set.logits?.dtype, "float32");
  assertEquals(set.features[0]?.dtype, "int32");
  assertThrows(
    () => featureSet({ logits: { data: [1], shape: [1, 1] } as never }),
    TypeError,
    '"logits" must hold a Float32Array',
  );
});
