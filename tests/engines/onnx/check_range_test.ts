import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkRange } from "../../../lib/engines/onnx/check_range.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import type { NdArray } from "../../../lib/types.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";

const [UINT16, INT8, INT16, UINT32, UINT64, BFLOAT16] = [4, 3, 5, 12, 13, 16];

/** `y = float(x)`, of an input of a type. */
function cast(type: number) {
  return onnxBytes({
    nodes: [{ op: "Cast", in: ["x"], out: ["y"], attributes: { to: 1 } }],
    inputs: [{ name: "x", type, shape: ["N", 2] }],
    outputs: [{ name: "y", shape: ["N", 2] }],
  });
}

Deno.test("inputs of every size of integers, and bfloat16, are cast in the file", async () => {
  const kinds: [number, string, NdArray["dtype"], number[]][] = [
    [INT8, "int8", "int32", [-128, 127, 5, 0]],
    [INT16, "int16", "int32", [-32768, 32767, 5, 0]],
    [UINT16, "uint16", "int32", [0, 65535, 5, 1]],
    [UINT32, "uint32", "int64", [0, 2 ** 31, 5, 1]],
    [UINT64, "uint64", "int64", [0, 2 ** 40, 5, 1]],
    [BFLOAT16, "bfloat16", "float32", [0.5, -2, 1 / 3, 4]],
  ];
  for (const [type, name, dtype, values] of kinds) {
    await using model = await loadModel(cast(type));
    assertEquals(model.inputs[0]!.dtype, dtype, name);
    const extractor = new FeatureExtractor(model).layers("y");
    const x = { data: Float32Array.from(values), shape: [2, 2] };
    const { features } = await extractor.batch(1).predict(x as never);
    const expected = type === BFLOAT16 ? [0.5, -2, 0.333984375, 4] : values;
    assertEquals(Array.from(features[0]!.data), expected, name);
  }
});

Deno.test("integers that a type of the file cannot hold are refused with their row", async () => {
  await using model = await loadModel(cast(INT8));
  const x = { data: Int32Array.of(0, 1, 2, 128), shape: [2, 2] };
  await assertRejects(
    () => new FeatureExtractor(model).layers("y").predict(x as never),
    RangeError,
    'Cannot run samples 0 to 1 as input "x" takes int8, so every value must be ' +
      "from -128 to 127: current value is 128; it is in row 1 of them",
  );
});

Deno.test("checkRange() refuses negative numbers of unsigned types, and nothing of others", () => {
  const data = BigInt64Array.of(1n, -1n) as never;
  const array = { data, shape: [2], dtype: "int64" } as const;
  for (
    const [type, upTo] of [[UINT64, ">= 0"], [
      UINT32,
      "from 0 to 4294967295",
    ]] as const
  ) {
    assertThrows(
      () => checkRange(array, type, "x", "run"),
      RangeError,
      `so every value must be ${upTo}: current value is -1; it is in row 1`,
    );
  }
  checkRange(array, 7, "x", "run"); // int64
});
