// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("transposed_convolutions");

const OPTIONS = { filters: 1, kernel_size: [2], strides: [3] };

Deno.test("conv1dTranspose() lays the kernel at every stride", async () => {
  const layer = layerOf("Conv1DTranspose", { ...OPTIONS, padding: "valid" });
  const output = await called(layer, [[[1], [2]]], {
    weights: [[[[5]], [[7]]], [1]],
  });
  assertEquals(output, [[[6], [8], [1], [11], [15], [1]]]);
});

Deno.test("conv1dTranspose() ends where output_padding says", async () => {
  const layer = layerOf("Conv1DTranspose", {
    ...OPTIONS,
    padding: "valid",
    output_padding: [0],
    use_bias: false,
  });
  const output = await called(layer, [[[1], [2]]], {
    weights: [[[[5]], [[7]]]],
  });
  assertEquals(output, [[[5], [7], [0], [10], [14]]]);
});

Deno.test("conv2dTranspose() refuses what it cannot have", async () => {
  const options = { filters: 2, kernel_size: 3, padding: "same" };
  for (
    const [wrong, text] of [
      [{ groups: 2 }, `"groups" must be 1`],
      [{ padding: "causal" }, `"padding" must be one of "valid", "same"`],
      [{ output_padding: [1] }, `"output_padding" must be 2 whole numbers`],
      [{ output_padding: -1 }, `"output_padding" must hold whole numbers`],
      [{ strides: 0 }, `"strides" must hold`],
    ] as const
  ) {
    assertThrows(
      () => layerOf("Conv2DTranspose", { ...options, ...wrong }),
      Error,
      text,
    );
  }
  const layer = layerOf("Conv2DTranspose", options);
  await assertRejects(
    () => called(layer, [[[1]]], { weights: [[[[[1]]]], [1, 1]] }),
    TypeError,
    "its input must have 4 axes",
  );
  assertThrows(
    () => shapeAfter(layer, [null, 4, 4, 5], [[3, 3, 5, 2], [2]]),
    TypeError,
    `the shape of its "kernel" must be [3, 3, 2, 5]`,
  );
});

Deno.test("conv3dTranspose() knows its shape where no position is known", () => {
  const layer = layerOf("Conv3DTranspose", {
    filters: 4,
    kernel_size: 3,
    strides: 2,
    padding: "same",
    use_bias: false,
  });
  assertEquals(
    shapeAfter(layer, [null, null, 5, null, 2], [[3, 3, 3, 4, 2]]),
    [null, null, 10, null, 4],
  );
});

Deno.test("conv2dTranspose() ignores groups as Keras 2 does", async () => {
  const layer = layerOf("Conv2DTranspose", {
    filters: 1,
    "kernel_size": 1,
    groups: 2,
  }, 2);
  const output = await called(layer, [[[[1], [2]]]], {
    weights: [[[[[3]]]], [1]],
  });
  assertEquals(output, [[[[4], [7]]]]);
});
