import { assertEquals, assertThrows } from "@std/assert";
import {
  isStringArray,
  isStringInput,
  stringArray,
  stringRows,
} from "../../lib/datasets/string_array.ts";
import type { TensorSpec } from "../../lib/types.ts";

const spec = (...shape: (number | null)[]): TensorSpec => ({
  name: "x",
  shape,
  dtype: "string",
});

Deno.test("stringArray() takes [N] and [N, 1] for each other", () => {
  for (const texts of [["a", "b"], [["a"], ["b"]]]) {
    const data = ["a", "b"];
    assertEquals(stringArray(texts, spec(null), "read"), {
      data,
      shape: [2],
      dtype: "string",
    });
    assertEquals(stringArray(texts, spec(null, 1), "read").shape, [2, 1]);
  }
  const wide = stringArray([["a", "b"], ["c", "d"]], spec(null, 2), "read");
  assertEquals(wide.shape, [2, 2]);
  assertEquals(isStringArray(wide), true);
  assertEquals(stringRows(wide, 1, 2), {
    data: ["c", "d"],
    shape: [1, 2],
    dtype: "string",
  });
});

Deno.test("isStringInput() tells strings from other arrays", () => {
  assertEquals(isStringInput(["a"], spec(null)), true);
  assertEquals(isStringInput([["a", "b"]], spec(null, 1)), false);
  assertEquals(isStringInput([["a", "b"]], spec(null, null)), true);
  for (const other of [[], [1], ["a", 1], "a", new Set(["a"]), null]) {
    assertEquals(isStringInput(other, spec(null)), false);
  }
  assertEquals(
    isStringInput(["a"], { ...spec(null), dtype: "float32" }),
    false,
  );
});

Deno.test("stringArray() names the row that is no string", () => {
  assertThrows(
    () => stringArray(["a", 3], spec(null, 1), "read dataset"),
    TypeError,
    'Cannot read dataset as input "x" must be an array of strings, one for each sample [null, 1]: current value is 3; it is in row 1',
  );
  assertThrows(() => stringArray([], spec(null), "read"), TypeError);
});
