// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("preprocessing");

Deno.test("rescaling() reads arrays of NumPy, in their shape", async () => {
  const scale = {
    class_name: "__numpy__",
    config: { value: [[2], [3]], dtype: "float32" },
  };
  const layer = layerOf("Rescaling", { scale, offset: 1 });
  assertEquals(await called(layer, [[[1, 2], [1, 2]]]), [[[3, 5], [4, 7]]]);
});

Deno.test("resizing() and centerCrop() refuse what they cannot do", () => {
  for (
    const [className, options, text] of [
      ["Resizing", { antialias: 1 }, `"antialias" must be true or false`],
      ["Resizing", { fill_mode: "reflect" }, `"fill_mode" must be`],
      ["Resizing", { interpolation: "mitchell" }, `"mitchell"`],
    ] as const
  ) {
    const all = { height: 2, width: 2, ...options };
    assertThrows(() => layerOf(className, all), Error, text);
  }
  for (
    const options of [{ pad_to_aspect_ratio: true }, { interpolation: "area" }]
  ) {
    const resizing = layerOf("Resizing", { height: 2, width: 2, ...options });
    assertThrows(
      () => shapeAfter(resizing, [null, null, 3, 1]),
      TypeError,
      "height and width of its images must be known",
    );
  }
  const crop = layerOf("CenterCrop", { height: 2, width: 2 });
  assertThrows(() => shapeAfter(crop, [null, null, 3, 1]), TypeError, "known");
});

Deno.test("categoryEncoding() refuses single numbers but for one_hot", () => {
  const layer = layerOf("CategoryEncoding", { num_tokens: 3 });
  assertThrows(
    () => shapeAfter(layer, [null]),
    TypeError,
    `"output_mode" must be "one_hot"`,
  );
});

Deno.test("categoryEncoding() counts each number by its weight", async () => {
  const counts = layerOf("CategoryEncoding", {
    num_tokens: 4,
    output_mode: "count",
  });
  const numbers = [[2, 0, 2], [3, 3, 1]];
  const weights = [[0.5, 1, 2], [-1, 4, 0.25]];
  const others = [weights];
  assertEquals(
    await called(counts, numbers, { others, dtype: "int32" }),
    [[1, 0, 2.5, 0], [0, 0.25, 0, 3]],
  );
  const hot = layerOf("CategoryEncoding", { num_tokens: 4 });
  await assertRejects(
    () => called(hot, numbers, { others, dtype: "int32" }),
    TypeError,
    `"count_weights" must come with "output_mode" "count"`,
  );
});

Deno.test("discretization() refuses boundaries that are not known", () => {
  assertThrows(
    () => layerOf("Discretization", { bin_boundaries: null, num_bins: 3 }),
    TypeError,
    "adapt the layer before saving",
  );
});

Deno.test("normalization() refuses a mean without a variance", () => {
  assertThrows(
    () => layerOf("Normalization", { mean: 1, variance: null }),
    TypeError,
    `"variance" must be set if, and only if, "mean" is`,
  );
});
