import { assertAlmostEquals, assertEquals } from "@std/assert";
import { called, layerOf } from "./_one_call.ts";

// Numbers of Keras, and both engines: tests/whole/keras_applications_test.ts.

Deno.test("LayerScale multiplies along the last axis", async () => {
  const layer = layerOf("LayerScale", { init_values: 1e-6, projection_dim: 2 });
  const weights = [[2, -0.5]];
  assertEquals(
    await called(layer, [[[1, 2]], [[3, -4]]], { weights }),
    [[[2, -1]], [[6, 2]]],
  );
});

Deno.test("StochasticDepth gives its input back", async () => {
  const layer = layerOf("StochasticDepth", { drop_path_rate: 0.3 });
  assertEquals(await called(layer, [[1, -2]]), [[1, -2]]);
});

Deno.test("TFDConcat and TFDIdentity of FeatureSpace are Concatenate and Identity", async () => {
  const joined = layerOf("TFDConcat", { axis: -1 });
  assertEquals(await called(joined, [[1], [2]], { others: [[[3], [4]]] }), [
    [1, 3],
    [2, 4],
  ]);
  assertEquals(await called(layerOf("TFDIdentity", {}), [[1, -2]]), [[1, -2]]);
});

Deno.test("RandomFourierFeatures is the cosine of a scaled product", async () => {
  // By hand: cos(1 · 2 / 4 + 0.5) and cos(1 · 8 / 4 − 2).
  const layer = layerOf("RandomFourierFeatures", { output_dim: 2, scale: 9 });
  const weights = [[4], [[2, 8]], [0.5, -2]];
  const result = await called(layer, [[1]], { weights }) as number[][];
  assertAlmostEquals(result[0]![0]!, Math.cos(1), 1e-6);
  assertAlmostEquals(result[0]![1]!, 1, 1e-6);
});
