import { assert, assertEquals, assertThrows } from "@std/assert";
import type { OnnxResult } from "../../../lib/engines/onnx/runtime/messages.ts";
import {
  featureOf,
  floatsOf,
  unshared,
} from "../../../lib/engines/onnx/read_result.ts";

function result(data: ArrayBufferView, type: string): OnnxResult {
  return { data: data as Float32Array<ArrayBuffer>, shape: [2], type };
}

Deno.test("featureOf() keeps floats as float32, whole numbers and booleans as int32", () => {
  const cases: [ArrayBufferView, string, string, number[]][] = [
    [Float32Array.of(0.5, NaN), "float32", "float32", [0.5, NaN]],
    [Float16Array.of(0.5, Infinity), "float16", "float32", [0.5, Infinity]],
    [Float64Array.of(0.5, -Infinity), "float64", "float32", [0.5, -Infinity]],
    [BigInt64Array.of(-7n, 2n ** 31n - 1n), "int64", "int32", [
      -7,
      2 ** 31 - 1,
    ]],
    [Int8Array.of(-7, 1), "int8", "int32", [-7, 1]],
    [Uint32Array.of(7, 1), "uint32", "int32", [7, 1]],
    [Uint8Array.of(1, 0), "bool", "int32", [1, 0]],
  ];
  for (const [data, type, dtype, values] of cases) {
    const feature = featureOf(result(data, type), "a");
    assertEquals(feature.dtype, dtype);
    assertEquals([...feature.data], values);
  }
  const half = featureOf(
    result(Float64Array.of(0.1, 2), "float64"),
    "a",
    "float16",
  );
  assertEquals(half.data, Float16Array.of(0.1, 2));
});

Deno.test("featureOf() and floatsOf() refuse what cannot be kept, and name it", () => {
  const big = result(BigInt64Array.of(0n, 2n ** 31n), "int64");
  assertThrows(
    () => featureOf(big, "a"),
    RangeError,
    'Cannot take layer "a" as its int64 must fit int32: current value is 2147483648',
  );
  const large = result(Float64Array.of(0, 1e300), "float64");
  assertThrows(() => featureOf(large, "a"), RangeError, "1e+300");
  const odd = result(Int32Array.of(0, 2 ** 24 + 1), "int32");
  assertThrows(() => floatsOf(odd, "logits"), RangeError, "16777217");
  assertEquals([...floatsOf(result(Int32Array.of(3, 4), "int32"), "a").data], [
    3,
    4,
  ]);
});

Deno.test("unshared() copies an array that several outputs are, and no other", () => {
  const floats = () => floatsOf(result(Float32Array.of(1, 2), "float32"), "a");
  const [one, other] = [floats(), floats()];
  const scale = Float32Array.of(3);
  const found = unshared({
    features: [one, other, one],
    logits: one,
    penultimate: other,
    scale,
  });
  const { features, logits, penultimate } = found;
  const all = [...features, logits!, penultimate!];
  assertEquals(all, [one, other, one, one, other]);
  assertEquals(new Set(all.map(({ data }) => data.buffer)).size, 5);
  assert(features[0] === one && features[1] === other);
  assert(found.scale === scale);
  assertEquals(unshared({ features: [one] }), { features: [one] });
});
