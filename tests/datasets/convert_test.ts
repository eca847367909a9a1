import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  checkElementTypes,
  convertValues,
} from "../../lib/datasets/convert.ts";
import type { DType, NdArray } from "../../lib/types.ts";

type View = ArrayBufferView & { readonly length: number };

function convert(data: View, from: DType, to: DType | "string", columns = 1) {
  const shape = [data.length / columns, columns];
  const array: NdArray<ArrayBufferView> = { data, shape, dtype: from };
  const wording = { action: "read dataset", name: 'input "x"', first: 10 };
  return convertValues(array, to, wording);
}

function refused(run: () => unknown, rule: string, tail: string) {
  assertThrows(
    run,
    RangeError,
    `Cannot read dataset as every value of input "x" must be ${rule}: ` +
      `current value is ${tail}`,
  );
}

Deno.test("checkElementTypes() refuses what cannot become what the model takes", () => {
  const check = (from: string, to: DType | "string") => () =>
    checkElementTypes(from, to, "read dataset", 'input "x"');
  assertEquals(check("int64", "float32")(), "float32");
  assertThrows(check("int32", "bool"), TypeError, 'one of "bool", "uint8"');
  assertThrows(check("float32", "string"), TypeError, "must take numbers");
  assertEquals(check("float32", "float16")(), "float16");
});

Deno.test("convertValues() gives the data itself where nothing changes", () => {
  const floats = Float32Array.of(1, NaN);
  assertStrictEquals(convert(floats, "float32", "float32"), floats);
  const ints = Int32Array.of(-1, 2);
  assertStrictEquals(convert(ints, "int32", "int32"), ints);
  const bits = Uint8Array.of(0, 1);
  assertStrictEquals(convert(bits, "bool", "bool"), bits);
  assertStrictEquals(convert(bits, "uint8", "bool"), bits);
});

Deno.test("convertValues() makes float32 of whole numbers and of half floats", () => {
  const expected = Float32Array.of(0, 1, 200);
  for (
    const [data, from] of [
      [Uint8Array.of(0, 1, 200), "uint8"],
      [Uint8ClampedArray.of(0, 1, 200), "uint8"],
      [Int32Array.of(0, 1, 200), "int32"],
      [BigInt64Array.of(0n, 1n, 200n), "int64"],
      [Float16Array.of(0, 1, 200), "float16"],
    ] as [View, DType][]
  ) assertEquals(convert(data, from, "float32"), expected);
  const bits = convert(Uint8Array.of(0, 1), "bool", "float32");
  assertEquals(bits, Float32Array.of(0, 1));
});

Deno.test("convertValues() rounds float64 and refuses what leaves float32", () => {
  const data = Float64Array.of(0.1, NaN, -Infinity, Infinity);
  const expected = Float32Array.of(Math.fround(0.1), NaN, -Infinity, Infinity);
  assertEquals(convert(data, "float64", "float32"), expected);
  const large = Float64Array.of(0, 1, 2, -1e39);
  const run = () => convert(large, "float64", "float32", 2);
  refused(run, "within the range of float32", "-1e+39; it is in row 11");
});

Deno.test("convertValues() refuses whole numbers that float32 would round", () => {
  const exact = Int32Array.of(2 ** 24, 2 ** 24 + 2, -(2 ** 31));
  assertEquals(
    convert(exact, "int32", "float32"),
    Float32Array.of(16777216, 16777218, -2147483648),
  );
  const odd = Int32Array.of(0, 2 ** 24 + 1);
  const run = () => convert(odd, "int32", "float32");
  refused(run, "exact in float32", "16777217; it is in row 11");
  const power = BigInt64Array.of(2n ** 60n, -(2n ** 24n));
  assertEquals(
    convert(power, "int64", "float32"),
    Float32Array.of(2 ** 60, -(2 ** 24)),
  );
  // 2^60 + 1 becomes 2^60 already as a number: only big integers can tell.
  const near = BigInt64Array.of(2n ** 60n + 1n);
  const tail = "1152921504606846977n; it is in row 10";
  refused(() => convert(near, "int64", "float32"), "exact in float32", tail);
});

Deno.test("convertValues() makes int32 of what is whole and in range", () => {
  const expected = Int32Array.of(-3, 0, 7);
  assertEquals(
    convert(Float32Array.of(-3, -0, 7), "float32", "int32"),
    expected,
  );
  assertEquals(
    convert(BigInt64Array.of(-3n, 0n, 7n), "int64", "int32"),
    expected,
  );
  assertEquals(
    convert(Uint8Array.of(255), "uint8", "int32"),
    Int32Array.of(255),
  );
  const rule = "a whole number in the range of int32";
  const row = "; it is in row 10";
  for (const value of [0.5, NaN, Infinity, 2 ** 31]) {
    const data = Float64Array.of(value);
    refused(() => convert(data, "float64", "int32"), rule, value + row);
  }
  const big = BigInt64Array.of(2n ** 32n);
  refused(() => convert(big, "int64", "int32"), rule, "4294967296n" + row);
});

Deno.test("convertValues() refuses bits that are neither 0 nor 1", () => {
  const data = Uint8Array.of(0, 1, 2);
  const tail = "2; it is in row 12";
  for (const to of ["bool", "float32", "int32"] as const) {
    refused(() => convert(data, "bool", to), "0 or 1", tail);
  }
  refused(() => convert(data, "uint8", "bool"), "0 or 1", tail);
  const clamped = convert(Uint8ClampedArray.of(1, 0), "uint8", "bool");
  assertEquals(clamped, Uint8Array.of(1, 0));
});

Deno.test("convertValues() makes int64 of whole numbers that are exact", () => {
  const big = BigInt64Array.of(2n ** 60n + 1n, -5n);
  assertStrictEquals(convert(big, "int64", "int64"), big);
  assertEquals(
    convert(Int32Array.of(-3, 7), "int32", "int64"),
    BigInt64Array.of(-3n, 7n),
  );
  assertEquals(
    convert(Float64Array.of(2 ** 40, -1), "float64", "int64"),
    BigInt64Array.of(2n ** 40n, -1n),
  );
  for (const value of [0.5, NaN, 2 ** 53]) {
    const data = Float64Array.of(value, 0);
    refused(
      () => convert(data, "float64", "int64"),
      "a whole number",
      `${value}; it is in row 10`,
    );
  }
});

Deno.test("convertValues() makes float64, float16 and uint8 of what they can hold", () => {
  assertEquals(
    convert(Float32Array.of(0.5, -2), "float32", "float64"),
    Float64Array.of(0.5, -2),
  );
  const big = BigInt64Array.of(2n ** 53n + 1n, 0n);
  const row = "; it is in row 10";
  refused(
    () => convert(big, "int64", "float64"),
    "exact in float64",
    `${big[0]}n${row}`,
  );
  assertEquals(
    convert(Float32Array.of(0.1, Infinity), "float32", "float16"),
    Float16Array.of(0.1, Infinity),
  );
  const large = Float32Array.of(70000, 0);
  refused(
    () => convert(large, "float32", "float16"),
    "within the range of float16",
    `70000${row}`,
  );
  const odd = Int32Array.of(2049, 0);
  refused(
    () => convert(odd, "int32", "float16"),
    "exact in float16",
    `2049${row}`,
  );
  assertEquals(
    convert(Float32Array.of(255, 0), "float32", "uint8"),
    Uint8Array.of(255, 0),
  );
  const wide = Int32Array.of(256, 0);
  refused(
    () => convert(wide, "int32", "uint8"),
    "a whole number from 0 to 255",
    `256${row}`,
  );
});
