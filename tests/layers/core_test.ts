// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("core");

Deno.test("einsumDense() puts letters where the equation has dots", async () => {
  const options = { equation: "...a,ab->...b", output_shape: [2] };
  const layer = layerOf("EinsumDense", options);
  const weights = [[[1, 10], [2, 20]]];
  assertEquals(await called(layer, [[1, 1]], { weights }), [[3, 30]]);
  assertEquals(
    await called(layer, [[[[1, 1]], [[0, 2]]]], { weights }),
    [[[[3, 30]], [[4, 40]]]],
  );
});

Deno.test("einsumDense() refuses equations that Keras has not", () => {
  for (
    const equation of [
      "ab,bc",
      "ab->ba",
      "ab,bc,cd->ad",
      "...ab,bc->ac...",
      "...ab...,bc->...ac...",
      "ab,...bc->ac",
      "a b,bc->ac",
    ]
  ) {
    assertThrows(
      () => layerOf("EinsumDense", { equation, output_shape: [2] }),
      TypeError,
      `"equation" must be as "ab,bc->ac"`,
    );
  }
});

Deno.test("dense() refuses weights that are not plain, or of another shape", () => {
  const policies = [
    "int8_from_bfloat16",
    { class_name: "QuantizedDTypePolicy", config: { mode: "int8" } },
    { class_name: "Int4DTypePolicy", config: {} },
    {
      class_name: "Int4DTypePolicy",
      config: { mode: "int4/8", source_name: "bfloat16" },
    },
    { class_name: "GPTQDTypePolicy", config: {} },
  ];
  for (const dtype of policies) {
    assertThrows(
      () => layerOf("Dense", { units: 2, dtype }),
      TypeError,
      `"dtype" must be a policy without quantisation`,
    );
  }
  const other = {
    class_name: "Int8QuantizationConfig",
    config: { weight_quantizer: {} },
  };
  assertThrows(
    () =>
      layerOf("Dense", {
        units: 2,
        dtype: "int8_from_float32",
        quantization_config: other,
      }),
    TypeError,
    `"quantization_config" must be Keras' default of int8`,
  );
  for (const name of ["float32", "mixed_float16", "mixed_bfloat16"]) {
    const dtype = { class_name: "DTypePolicy", config: { name } };
    const layer = layerOf("Dense", { units: 2, dtype });
    assertEquals(shapeAfter(layer, [null, 3], [[3, 2], [2]]), [null, 2]);
    assertThrows(
      () => shapeAfter(layer, [null, 3], [[2, 3], [3]]),
      TypeError,
      `the shape of its "kernel" must be [3, 2]`,
    );
  }
});

Deno.test("masking() refuses a mask value that is none", async () => {
  assertThrows(
    () => layerOf("Masking", { mask_value: "0" }),
    TypeError,
    `"mask_value" must be a number`,
  );
  const layer = layerOf("Masking", { mask_value: 7 });
  assertEquals(
    await called(layer, [[[7, 7], [7, 1]]]),
    [[[0, 0], [7, 1]]],
  );
  await assertRejects(() => called(layer, 7), Error);
});

Deno.test("Lambda applies a function with a name, and ignores the code beside it", async () => {
  const options = {
    function: { class_name: "function", config: "relu" },
    function_type: "function",
    output_shape: [2],
    arguments: {},
  };
  assertEquals(await called(layerOf("Lambda", options), [[1, -2]]), [[1, 0]]);
  const bound = { ...options, arguments: { factor: 2 } };
  assertThrows(
    () => layerOf("Lambda", bound),
    TypeError,
    'option "arguments" must be a known one',
  );
});
