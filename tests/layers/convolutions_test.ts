// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("convolutions");

const CONV1D = { filters: 1, kernel_size: [2], strides: [1], padding: "valid" };

Deno.test("conv1d() adds the bias, then activates", async () => {
  const layer = layerOf("Conv1D", { ...CONV1D, activation: "relu" });
  // [1·2 − 2, 2·2 − 3] + 1
  const output = await called(layer, [[[1], [2], [3]]], {
    weights: [[[[2]], [[-1]]], [1]],
  });
  assertEquals(output, [[[1], [2]]]);
});

Deno.test("conv1d() with causal padding sees no later position", async () => {
  const layer = layerOf("Convolution1D", {
    ...CONV1D,
    padding: "CAUSAL",
    dilation_rate: [2],
    use_bias: false,
  });
  const output = await called(layer, [[[1], [2], [3], [4]]], {
    weights: [[[[10]], [[1]]]],
  });
  assertEquals(output, [[[1], [2], [13], [24]]]);
});

Deno.test("conv2d() refuses options that it cannot have", () => {
  const options = { filters: 2, kernel_size: 3, padding: "valid" };
  for (
    const [wrong, text] of [
      [{ padding: "causal" }, `"padding" must be one of "valid", "same"`],
      [{ padding: "reflect" }, `current value is "reflect"`],
      [{ strides: [1, 0] }, `"strides" must hold whole numbers of 1 or more`],
      [{ kernel_size: [3] }, `"kernel_size" must be 2 whole numbers`],
      [{ kernel_size: [3, 1.5] }, `"kernel_size" must be 2 whole numbers`],
      [{ groups: 3 }, `"groups" must divide the 2 filters`],
      [{ data_format: "NCHW" }, `"data_format" must be one of`],
      [{ activation: "swoosh" }, `"activation" must be an activation`],
      [{ quantization_config: {} }, `"quantization_config" must not be there`],
      [{ unheard_of: 2 }, `option "unheard_of" must be a known one`],
    ] as const
  ) {
    assertThrows(
      () => layerOf("Conv2D", { ...options, ...wrong }),
      Error,
      text,
    );
  }
});

Deno.test("conv2d() refuses weights and inputs that do not fit", async () => {
  const layer = layerOf("Conv2D", { filters: 2, kernel_size: [1, 2] });
  const shape = [null, 5, 6, 3];
  assertEquals(shapeAfter(layer, shape, [[1, 2, 3, 2], [2]]), [null, 5, 5, 2]);
  assertThrows(
    () => shapeAfter(layer, shape, [[2, 1, 3, 2], [2]]),
    TypeError,
    `the shape of its "kernel" must be [1, 2, 3, 2]: current value is [2, 1, 3, 2]`,
  );
  assertThrows(
    () => shapeAfter(layer, [null, 5, 6, null], [[1, 2, 3, 2], [2]]),
    TypeError,
    "the number of its input's channels must be known",
  );
  await assertRejects(
    () => called(layer, [[1, 2]], { weights: [[[[[1, 2]]]], [1, 2]] }),
    TypeError,
    `Cannot call layer "it" as its input must have 4 axes: current value is [1, 2]`,
  );
});

Deno.test("conv3d() knows its shape where no position is known", () => {
  const layer = layerOf("Conv3D", {
    filters: 4,
    kernel_size: 3,
    strides: 2,
    padding: "same",
    data_format: "channels_first",
    use_bias: false,
  });
  assertEquals(
    shapeAfter(layer, [null, 2, null, null, 7], [[3, 3, 3, 2, 4]]),
    [null, 4, null, null, 4],
  );
});

testLayerCases("locally_connected");

Deno.test("locallyConnected() refuses kernels that are stored in another form", () => {
  const options = { filters: 2, kernel_size: 3, implementation: 2 };
  assertThrows(
    () => layerOf("LocallyConnected1D", options, 2),
    TypeError,
    '"implementation" must be 1: current value is 2',
  );
  const layer = layerOf("LocallyConnected1D", { filters: 2, kernel_size: 3 });
  const weights = [[1, 3, 2], [1, 2]];
  for (const length of [2, null]) {
    assertThrows(
      () => shapeAfter(layer, [null, length, 1], weights),
      Error,
      length === null ? "must be known" : "at least 3 positions",
    );
  }
});
