// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("embeddings");

const OPTIONS = { input_dim: 3, output_dim: 1 };
const weights = [[[10], [20], [30]]];

Deno.test("embedding() counts from the end below 0 in Keras 3 only", async () => {
  const [three, two] = [3, 2].map((dialect) =>
    layerOf("Embedding", OPTIONS, dialect as 2 | 3)
  );
  const input = [[-1, 0, -3]];
  const dtype = "int32";
  assertEquals(
    await called(three!, input, { weights, dtype }),
    [[[30], [10], [10]]],
  );
  await assertRejects(() => called(two!, input, { weights, dtype }), Error);
});

Deno.test("embedding() does not go beyond its table", async () => {
  const layer = layerOf("Embedding", OPTIONS);
  for (const index of [3, -4, 1e9]) {
    await assertRejects(
      () => called(layer, [[index]], { weights, dtype: "int32" }),
      Error,
    );
  }
});

Deno.test("embedding() refuses what it cannot have", () => {
  for (
    const [wrong, text] of [
      [{ sparse: true }, `"sparse" must be false`],
      [{ dtype: "int4_from_float32" }, `"dtype" must be a policy without`],
      [{ quantization_config: {} }, `"quantization_config" must not be there`],
      [{ quantization_config: { mode: "int8" } }, `"quantization_config" must`],
      [{ output_dim: undefined }, `"output_dim" must be there`],
    ] as const
  ) {
    assertThrows(
      () => layerOf("Embedding", { ...OPTIONS, ...wrong }),
      TypeError,
      text,
    );
  }
  assertThrows(
    () => shapeAfter(layerOf("Embedding", OPTIONS), [null, 4], [[4, 1]]),
    TypeError,
    `the shape of its "embeddings" must be [3, 1]`,
  );
});

Deno.test("reversibleEmbedding() bends its logits below the soft cap", async () => {
  const layer = layerOf("ReversibleEmbedding", {
    ...OPTIONS,
    logit_soft_cap: 2,
  });
  const args = { reverse: true };
  assertEquals(
    await called(layer, [[1]], { weights, args }),
    [[2, 2, 2].map((cap, i) => Math.fround(cap * Math.tanh(5 * (i + 1))))],
  );
});

Deno.test("reversibleEmbedding() refuses what it cannot have", () => {
  for (
    const [wrong, text] of [
      [
        { reverse_dtype: "float16" },
        `"reverse_dtype" must be "float32" or null`,
      ],
      [{ logit_soft_cap: "2" }, `"logit_soft_cap" must be a number or null`],
      [{ tie_weights: 1 }, `"tie_weights" must be true or false`],
    ] as const
  ) {
    assertThrows(
      () => layerOf("ReversibleEmbedding", { ...OPTIONS, ...wrong }),
      TypeError,
      text,
    );
  }
});
