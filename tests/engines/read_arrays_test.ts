import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type * as tf from "@tensorflow/tfjs";
import {
  checkElementType,
  featureArray,
  floatArray,
} from "../../lib/engines/read_arrays.ts";

const of = (shape: number[], dtype: string) =>
  ({ shape, dtype }) as unknown as tf.Tensor;

Deno.test("featureArray() keeps floats and integers, and counts booleans as integers", () => {
  const floats = Float32Array.of(1.5, 2.5);
  const array = featureArray(floats, of([2], "float32"), "a", undefined);
  assertStrictEquals(array.data, floats);
  assertEquals([array.shape, array.dtype], [[2], "float32"]);
  const ints = Int32Array.of(1, 2);
  const kept = featureArray(ints, of([2, 1], "int32"), "a", undefined);
  assertStrictEquals(kept.data, ints);
  assertEquals(kept.dtype, "int32");
  const bits = featureArray(
    Uint8Array.of(1, 0),
    of([2], "bool"),
    "a",
    undefined,
  );
  assertEquals(bits.data, Int32Array.of(1, 0));
  assertEquals(bits.dtype, "int32");
});

Deno.test("featureArray() rounds to float16, and names layer and row of what is beyond it", () => {
  const values = Float32Array.of(1 / 3, -65504, NaN, Infinity);
  const half = featureArray(values, of([4], "float32"), "conv", "float16");
  assertEquals(half.data, Float16Array.of(1 / 3, -65504, NaN, Infinity));
  assertEquals(half.dtype, "float16");
  const large = Float32Array.of(0, 1, 2, 70000);
  assertThrows(
    () => featureArray(large, of([2, 2], "float32"), "conv", "float16"),
    RangeError,
    'Cannot keep layer "conv" as float16 as its values must lie within ±65504, in row 1 too: current value is 70000; leave out half(), or normalize() before it',
  );
});

Deno.test("checkNoNaN() refuses strings and complex numbers", () => {
  checkElementType("bool", "take it");
  for (const dtype of ["string", "complex64"]) {
    assertThrows(
      () => checkElementType(dtype, 'take layer "a"'),
      TypeError,
      `Cannot take layer "a" as its elements must be float32, int32 or bool: current value is "${dtype}"`,
    );
  }
});

Deno.test("floatArray() converts integers to floats", () => {
  const { data, shape, dtype } = floatArray(Int32Array.of(1, 2), [1, 2]);
  assertEquals([data, shape, dtype], [
    Float32Array.of(1, 2),
    [1, 2],
    "float32",
  ]);
});
