import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { WeightLayer } from "../../../lib/models/keras/keras_weights.ts";
import { bind, layer, storeOf, valuesOf } from "./_named_weights.ts";

Deno.test("NameWeights follows names in a nested model that is partly frozen", async () => {
  const frozen = { ...layer("d1"), options: { trainable: false } };
  const norm = layer("bn", "BatchNormalization");
  const inner = layer("inner", "Sequential", [frozen, norm]);
  // As Keras 3.15 writes it when the first layer is not trained.
  const store = storeOf({
    inner: [
      "inner/bn/gamma",
      "inner/d1/kernel",
      "inner/d1/bias",
      "inner/bn/moving_mean",
    ],
  });
  const weights = bind(store, [inner]);
  assertEquals(await valuesOf(weights.take(frozen, ["kernel", "bias"])), [
    1,
    2,
  ]);
  assertEquals(
    await valuesOf(weights.take(norm, ["gamma", "moving_mean"])),
    [0, 3],
  );
  weights.finish();
});

Deno.test("NameWeights finds layers of a nested model that was built within a Sequential", async () => {
  const conv = layer("conv2d", "Conv2D");
  const norm = layer("norm", "BatchNormalization");
  const rest = layer("rest", "Sequential", [norm]);
  const model = layer("enc", "Sequential", [conv, rest]);
  // As Keras 3.15 writes it.
  const names = [
    "sequential/enc/conv2d/kernel",
    "sequential/enc/rest/norm/gamma",
  ];
  const weights = bind(storeOf({ enc: names }), [model]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
  weights.finish();
});

Deno.test("NameWeights finds layers whose names begin with another's in a nested model", async () => {
  // MobileNetV3 of Keras 2 has the layers "Conv" and "Conv/BatchNorm".
  const conv = layer("Conv", "Conv2D");
  const norm = layer("Conv/BatchNorm", "BatchNormalization");
  const model = layer("MobilenetV3small", "Functional", [conv, norm]);
  const names = ["Conv/kernel:0", "Conv/BatchNorm/gamma:0"];
  const weights = bind(storeOf({ [model.name]: names }), [model]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
  weights.finish();
});

Deno.test("NameWeights tells layers of one name in two nested models apart", async () => {
  const one = layer("dense");
  const two = layer("dense");
  const outer = layer("outer", "Functional", [
    layer("one", "Sequential", [one]),
    layer("two", "Sequential", [two]),
  ]);
  const names = ["one/dense/kernel", "two/dense/kernel"];
  const weights = bind(storeOf({ outer: names }), [outer]);
  assertEquals(await valuesOf(weights.take(two, ["kernel"])), [1]);
  assertEquals(await valuesOf(weights.take(one, ["kernel"])), [0]);
});

Deno.test("NameWeights ignores counters of TensorFlow 1 in the names of a nested model", async () => {
  const conv = layer("conv_1");
  const norm = layer("bn", "BatchNormalization");
  const inner = layer("inner", "Functional", [conv, norm]);
  const names = ["conv_1_1/kernel:0", "bn_2/gamma:0"];
  const weights = bind(storeOf({ inner: names }), [inner]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
});

/** A nested model with layers that were renamed, and the order in the file. */
function renamedModel(...trainable: readonly boolean[]) {
  const layers = trainable.map((flag, i): WeightLayer => ({
    ...layer(`new_${i}`),
    options: { trainable: flag },
  }));
  const inner = layer("inner", "Sequential", layers);
  return { inner, layers };
}

Deno.test("NameWeights finds weights of renamed layers by position, as Keras does", async () => {
  for (const prefix of ["", "inner/", "old/"]) {
    for (const flag of [true, false]) {
      const { inner, layers } = renamedModel(flag, flag);
      const norm = { ...layers[0]!, name: "n" };
      const model = { ...inner.model!, layers: [norm, ...layers] };
      const names = ["a/kernel", "a/bias", "b/kernel", "b/bias", "n/mean"];
      const store = storeOf({ inner: names.map((name) => prefix + name) });
      const weights = bind(store, [{ ...inner, model }]);
      const [a, b] = layers as [WeightLayer, WeightLayer];
      assertEquals(await valuesOf(weights.take(norm, ["mean"])), [4]);
      const both = ["kernel", "bias"];
      assertEquals(await valuesOf(weights.take(a, both)), [0, 1]);
      assertEquals(await valuesOf(weights.take(b, both)), [2, 3]);
      weights.finish();
    }
  }
});

Deno.test("NameWeights finds weights without a layer, as Normalization of Keras 2 names them", async () => {
  const norm = layer("normalization", "Normalization");
  const dense = layer("dense");
  const inner = layer("inner", "Sequential", [norm, dense]);
  const names = ["dense/kernel:0", "mean:0", "variance:0", "count"];
  const weights = bind(storeOf({ inner: names }), [inner]);
  const state = ["mean", "variance"];
  assertEquals(await valuesOf(weights.take(norm, state)), [1, 2]);
  assertEquals(await valuesOf(weights.take(dense, ["kernel"])), [0]);
  weights.finish();
});

Deno.test("NameWeights refuses renamed layers of which some are frozen, or too many", () => {
  const { inner, layers } = renamedModel(false, true);
  const names = ["b/kernel", "a/kernel"];
  const mixed = bind(storeOf({ inner: names }), [inner]);
  assertThrows(
    () => mixed.take(layers[0]!, ["kernel"]),
    ModelFormatError,
    "save it in the other format",
  );
  const { inner: one, layers: [only] } = renamedModel(true);
  const more = bind(storeOf({ inner: names }), [one]);
  more.take(only!, ["kernel"]);
  assertThrows(() => more.finish(), ModelFormatError, "a/kernel");
});

Deno.test("NameWeights refuses names that contradict the order of the layers", () => {
  // Layers dense and dense_1, renamed to dense_1 and dense_2 or exchanged.
  const both = ["dense/kernel", "dense_1/kernel"];
  const layers = ["dense_1", "dense_2"].map((name) => layer(name));
  const store = storeOf({ inner: both });
  const moved = bind(store, [layer("inner", "Sequential", layers)]);
  assertEquals(moved.take(layers[0]!, ["kernel"]).length, 1);
  assertThrows(
    () => moved.take(layers[1]!, ["kernel"]),
    ModelFormatError,
    "save it in the other format",
  );
  const names = ["dense_1", "dense"].map((name) => layer(name));
  assertThrows(
    () => bind(store, [layer("inner", "Sequential", names)]),
    ModelFormatError,
    'weights of model "inner" must be in the order of its layers',
  );
});

Deno.test("NameWeights refuses names of a nested model that fit two layers", () => {
  const twice = layer("outer", "Functional", [
    layer("one", "Sequential", [layer("dense")]),
    layer("two", "Sequential", [layer("dense")]),
  ]);
  assertThrows(
    () => bind(storeOf({ outer: ["dense/kernel"] }), [twice]),
    ModelFormatError,
    "must name one of its layers",
  );
});
