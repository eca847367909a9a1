// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("depthwise_convolutions");

const KERNEL = [[[1, 10], [100, 1000]], [[2, 20], [200, 2000]]]; // [2, D, M]

Deno.test("depthwiseConv1d() gives each channel its own kernels, in turn", async () => {
  const layer = layerOf("DepthwiseConv1D", {
    kernel_size: [2],
    depth_multiplier: 2,
    use_bias: false,
  });
  const output = await called(layer, [[[1, 5], [3, 7]]], { weights: [KERNEL] });
  assertEquals(output, [[[7, 70, 1900, 19000]]]);
});

Deno.test("separableConv1d() mixes what the channels gave", async () => {
  const layer = layerOf("SeparableConv1D", {
    filters: 1,
    kernel_size: [2],
    depth_multiplier: 2,
  });
  const output = await called(layer, [[[1, 5], [3, 7]]], {
    weights: [KERNEL, [[[1], [-1], [2], [0]]], [0.5]],
  });
  assertEquals(output, [[[7 - 70 + 3800 + 0.5]]]);
});

Deno.test("depthwiseConv2d() has no dilation where TF.js wrote it, as there", () => {
  const options = { kernel_size: 3, dilation_rate: 2, use_bias: false };
  const shape = (dialect: 2 | 3 | "tfjs") =>
    shapeAfter(
      layerOf("DepthwiseConv2D", options, dialect),
      [null, 8, 8, 2],
      [[3, 3, 2, 1]],
    );
  assertEquals(shape(3), [null, 4, 4, 2]);
  assertEquals(shape(2), [null, 4, 4, 2]);
  assertEquals(shape("tfjs"), [null, 6, 6, 2]);
});

Deno.test("depthwiseConv2d() names its kernel as the file does", () => {
  const options = { kernel_size: 3 };
  assertEquals(layerOf("DepthwiseConv2D", options).weights, ["kernel", "bias"]);
  assertEquals(
    layerOf("DepthwiseConv2D", options, 2).weights,
    ["depthwise_kernel", "bias"],
  );
});

Deno.test("separableConv2d() refuses what it cannot have", async () => {
  const options = { filters: 2, kernel_size: 3, padding: "same" };
  for (
    const [wrong, text] of [
      [{ groups: 2 }, `"groups" must be 1`],
      [{ padding: "causal" }, `"padding" must be one of "valid", "same"`],
      [{ depth_multiplier: 0 }, `"depth_multiplier" must hold`],
    ] as const
  ) {
    assertThrows(
      () => layerOf("SeparableConv2D", { ...options, ...wrong }),
      Error,
      text,
    );
  }
  const layer = layerOf("SeparableConv2D", options);
  const shape = [null, 4, 4, 5];
  assertThrows(
    () => shapeAfter(layer, shape, [[3, 3, 5, 2], [1, 1, 5, 2], [2]]),
    TypeError,
    `the shape of its "depthwise_kernel" must be [3, 3, 5, 1]`,
  );
  assertThrows(
    () => shapeAfter(layer, shape, [[3, 3, 5, 1], [1, 1, 4, 2], [2]]),
    TypeError,
    `the shape of its "pointwise_kernel" must be [1, 1, 5, 2]`,
  );
  await assertRejects(
    () => called(layer, [[[1]]], { weights: [[1], [1], [1]] }),
    TypeError,
    "its input must have 4 axes",
  );
});

Deno.test("depthwiseConv2d() ignores groups as Keras 2 does", async () => {
  const layer = layerOf("DepthwiseConv2D", { "kernel_size": 1, groups: 2 }, 2);
  const output = await called(layer, [[[[1], [2]]]], {
    weights: [[[[[3]]]], [1]],
  });
  assertEquals(output, [[[[4], [7]]]]);
});
