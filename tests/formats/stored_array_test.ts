import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  sizeOfType,
  type StoredType,
  swapBytes,
  toFloat32,
  valuesOf,
} from "../../lib/formats/stored_array.ts";

const SIZES: Readonly<Record<StoredType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

Deno.test("sizeOfType() and valuesOf() know every type", () => {
  for (const [dtype, size] of Object.entries(SIZES) as [StoredType, number][]) {
    assertEquals(sizeOfType(dtype), size);
    assertEquals(valuesOf(new Uint8Array(16), dtype).length, 16 / size);
  }
  assertEquals([...valuesOf(Uint8Array.of(1, 2), "uint16")], [513]);
});

Deno.test("swapBytes() turns every element round", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  swapBytes(bytes, 2);
  assertEquals([...bytes], [2, 1, 4, 3]);
});

Deno.test("toFloat32() keeps what float32 can hold", () => {
  const shape = [2];
  const own = Float32Array.of(1, NaN);
  assertStrictEquals(
    toFloat32({ data: own, shape, dtype: "float32" }, "x"),
    own,
  );
  const cases: [StoredType, Parameters<typeof toFloat32>[0]["data"]][] = [
    ["bfloat16", Uint16Array.of(0x3f80, 0xc000)],
    ["float16", Float16Array.of(1, -2)],
    ["float64", Float64Array.of(1, -2)],
    ["int64", BigInt64Array.of(1n, -2n)],
    ["int8", Int8Array.of(1, -2)],
  ];
  for (const [dtype, data] of cases) {
    assertEquals([...toFloat32({ data, shape, dtype }, "x")], [1, -2]);
  }
});

Deno.test("toFloat32() refuses whole numbers that would change, and large floats", () => {
  assertThrows(
    () =>
      toFloat32(
        { data: Int32Array.of(2 ** 24 + 1), shape: [1], dtype: "int32" },
        "layers/x",
      ),
    RangeError,
    "layers/x",
  );
  assertThrows(
    () =>
      toFloat32(
        { data: Float64Array.of(1e300), shape: [1], dtype: "float64" },
        "x",
      ),
    RangeError,
    "1e+300",
  );
});
