import { assertEquals, assertThrows } from "@std/assert";
import {
  constantArray,
  isWrittenArray,
  plainValue,
} from "../../lib/layers/constant_values.ts";

const written = (value: unknown, dtype?: string) => ({
  class_name: "__numpy__",
  config: { value, ...(dtype === undefined ? {} : { dtype }) },
});

Deno.test("constantArray() reads numbers, lists and arrays with their type", () => {
  const read = (value: unknown) => {
    const { data, shape, dtype } = constantArray(value, "it");
    return [[...data], shape, dtype];
  };
  assertEquals(read(2.5), [[2.5], [], "float32"]);
  assertEquals(read([[1, 2], [3, 4]]), [[1, 2, 3, 4], [2, 2], "int32"]);
  assertEquals(read([true, false]), [[1, 0], [2], "bool"]);
  assertEquals(read(written([1, 2], "float64")), [[1, 2], [2], "float32"]);
  assertEquals(read(written([[7]], "int64")), [[7], [1, 1], "int32"]);
});

Deno.test("constantArray() refuses what is no array, or does not fit", () => {
  for (
    const [value, text] of [
      [[[1], [2, 3]], "must hold numbers"],
      [["a"], "must hold numbers"],
      [written([2 ** 40], "int64"), "must hold integers of 32 bits"],
      [written([1.5], "int32"), "must hold integers of 32 bits"],
      [written([1], "complex64"), "must be of a float, an integer or bool"],
    ] as const
  ) {
    assertThrows(() => constantArray(value, "it"), TypeError, text);
  }
});

Deno.test("isWrittenArray() and plainValue() tell arrays from other objects", () => {
  assertEquals(isWrittenArray(written([1])), true);
  assertEquals(isWrittenArray({ class_name: "Dense", config: {} }), false);
  assertEquals(plainValue(written([1, 2])), [1, 2]);
  assertEquals(plainValue("a"), "a");
});
