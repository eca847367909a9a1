import { assertEquals, assertThrows } from "@std/assert";
import { toFloats, toInts } from "../../lib/math/exact_numbers.ts";

const refuse = (value: number | bigint) => new RangeError(`no ${value}`);

Deno.test("toFloats() rounds floats, and keeps NaN and infinities", () => {
  const values = [0.1, NaN, -Infinity, Infinity];
  assertEquals(
    [...toFloats(values, true, refuse)],
    [Math.fround(0.1), NaN, -Infinity, Infinity],
  );
});

Deno.test("toFloats() refuses floats that overflow, and integers that round", () => {
  assertThrows(() => toFloats([1, 1e39], true, refuse), RangeError, "no 1e+39");
  assertEquals([...toFloats([2n ** 24n], false, refuse)], [2 ** 24]);
  for (const value of [2 ** 24 + 1, 2n ** 24n + 1n, 2n ** 60n]) {
    assertThrows(
      () => toFloats([value], false, refuse),
      RangeError,
      `no ${value}`,
    );
  }
});

Deno.test("toInts() keeps integers of 32 bits, and refuses others", () => {
  const at = (index: number) => new RangeError(`no value ${index}`);
  assertEquals([...toInts([-(2 ** 31), 2n ** 31n - 1n], at)], [
    -(2 ** 31),
    2 ** 31 - 1,
  ]);
  for (const value of [0.5, NaN, 2 ** 31, 2n ** 40n]) {
    assertThrows(() => toInts([0, value], at), RangeError, "no value 1");
  }
});
