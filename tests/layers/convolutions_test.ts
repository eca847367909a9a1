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

Deno.test("locallyConnected() takes kernels that are stored as a matrix, or as its connected pairs", async () => {
  const local = (implementation: number, padding = "valid") =>
    layerOf("LocallyConnected1D", {
      ...{ filters: 1, kernel_size: 2, implementation, padding },
    }, 2);
  const x = [[[1], [2], [3]]];
  const bias = [[10], [20]];
  // By hand: 1 · 2 + 2 · 3 and 2 · 4 + 3 · 5; 9 is of no connected pair.
  const matrix = [[[[2], [9]]], [[[3], [4]]], [[[9], [5]]]];
  const expected = [[[18], [43]]];
  const whole = { weights: [matrix, bias] };
  assertEquals(await called(local(2), x, whole), expected);
  const pairs = { weights: [[2, 3, 4, 5], bias] };
  assertEquals(await called(local(3), x, pairs), expected);
  // Keras pads before: 1 · 2 and 1 · 3 + 2 · 4.
  const padded = { weights: [[2, 3, 4], bias] };
  const short = await called(local(3, "same"), [[[1], [2]]], padded);
  assertEquals(short, [[[12], [31]]]);
});

Deno.test("locallyConnected() refuses a matrix that does not fit the layer, or is too large", () => {
  const after = (
    implementation: number,
    length: number,
    kernel: readonly number[],
  ) =>
    shapeAfter(
      layerOf("LocallyConnected1D", {
        ...{ filters: 1, kernel_size: 2, implementation, use_bias: false },
      }),
      [null, length, 1],
      [kernel],
    );
  assertEquals(after(3, 3, [4]), [null, 2, 1]);
  assertEquals(after(2, 3, [3, 1, 2, 1]), [null, 2, 1]);
  const faults = [
    [3, 3, [5], '"kernel" must be [4]: current value is [5]'],
    [2, 3, [1, 3, 2, 1], '"kernel" must be [3, 1, 2, 1]'],
    [3, 1, [4], "at least 2 positions"],
    [3, 100_000, [199_998], "must have 2147483648 bytes or fewer"],
  ] as const;
  for (const [implementation, length, kernel, rule] of faults) {
    assertThrows(() => after(implementation, length, kernel), Error, rule);
  }
});

Deno.test("locallyConnected() refuses other implementations, and sizes that are not known", () => {
  const options = { filters: 2, kernel_size: 3, implementation: 4 };
  assertThrows(
    () => layerOf("LocallyConnected1D", options, 2),
    TypeError,
    '"implementation" must be 1, 2 or 3: current value is 4',
  );
  const two = { ...options, implementation: 2 };
  assertThrows(
    () =>
      shapeAfter(layerOf("LocallyConnected1D", two, 2), [null, null, 1], [[
        ...[5, 1, 3, 2],
      ], [3, 2]]),
    Error,
    "the sizes of its input must be known",
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
