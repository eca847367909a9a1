import { withConstantArguments } from "../../lib/layers/custom_objects.ts";
import { assertAllClose } from "../support/all_close.ts";
// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("activation_layers");

Deno.test("reluLayer() takes the slope from the threshold", async () => {
  const options = { "negative_slope": 0.5, threshold: 2, "max_value": 3 };
  assertEquals(
    await called(layerOf("ReLU", options), [[-2, 0, 2, 2.5, 9]]),
    [[-2, -1, 0, 2.5, 3]],
  );
});

Deno.test("prelu() counts shared axes as Python does", () => {
  const layer = layerOf("PReLU", { shared_axes: [1, -1] });
  // sizes[1 - 1] and sizes[-1 - 1] of [5, 6, 3]
  assertEquals(shapeAfter(layer, [null, 5, 6, 3], [[1, 1, 3]]), [
    null,
    5,
    6,
    3,
  ]);
});

Deno.test("leakyReluLayer() reads both Kerases' names of the slope", async () => {
  for (const [key, dialect] of [["alpha", 2], ["negative_slope", 3]] as const) {
    const layer = layerOf("LeakyReLU", { [key]: 0.25 }, dialect);
    assertEquals(await called(layer, [[-4, 4]]), [[-1, 4]]);
  }
});

Deno.test("activation() reads hard_sigmoid as who wrote it meant it", async () => {
  const options = { activation: "hard_sigmoid" };
  const [keras3] = await called(
    layerOf("Activation", options),
    [[1.5]],
  ) as number[][];
  const [keras2] = await called(
    layerOf("Activation", options, 2),
    [[1.5]],
  ) as number[][];
  assertEquals(keras3, [0.75]); // 4.5 / 6
  assertEquals(keras2!.map((x) => Math.round(x * 1e6)), [800000]); // 0.3 + 0.5
});

Deno.test("softmaxLayer() refuses axes and masks that do not fit", async () => {
  assertThrows(() => layerOf("Softmax", { axis: [] }), TypeError, `"axis"`);
  await assertRejects(
    () =>
      called(layerOf("Softmax", {}), [[1, 2, 3]], {
        args: { mask: true },
      }),
    TypeError,
    `"mask" must be a tensor`,
  );
});

Deno.test("softmaxLayer() takes a mask that the file holds as an array", async () => {
  const mask = {
    "class_name": "__numpy__",
    config: { value: [[true, false, true]], dtype: "bool" },
  };
  const layer = withConstantArguments(layerOf("Softmax", {}), { mask }, "it");
  const [row] = await called(layer, [[0, 5, Math.log(3)]]) as number[][];
  assertAllClose(row!, [0.25, 0, 0.75]);
});
