import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../support/all_close.ts";
import {
  anyRows,
  type Build,
  floats,
  integers,
  Recorded,
} from "./_recorded.ts";

Deno.test("floorDivide() and mod() of integers survive a division by 0", async () => {
  const [a, b] = [integers([1, 3], [7, -7, 5]), integers([1, 3], [2, 2, 0])];
  const build: Build = (
    ops,
    x,
    y,
  ) => [ops.floorDivide(x!, y!), ops.mod(x!, y!)];
  await using recorded = await Recorded.open([a, b].map(anyRows), build);
  const [quotients, rests] = await recorded.run(a, b);
  assertEquals(quotients!.data.slice(0, 2), [3, -4]);
  assertEquals(rests!.data.slice(0, 2), [1, 1]);
});

Deno.test("floorDivide() of integers is exact where floats of 32 bits are not", async () => {
  const a = integers([1, 2], [2147483647, -2147483647]);
  const b = integers([1, 2], [1, 2]);
  const build: Build = (ops, x, y) => ops.floorDivide(x!, y!);
  await using recorded = await Recorded.open([a, b].map(anyRows), build);
  const [quotients] = await recorded.run(a, b);
  assertEquals(quotients!.data, [2147483647, -1073741824]);
});

Deno.test("mod() of floats takes the divisor's sign, and is 0 for multiples", async () => {
  const a = floats([1, 6], [5, -5, 5, -5, 6, -6]);
  const b = floats([1, 6], [3, 3, -3, -3, 3, -3]);
  const build: Build = (ops, x, y) => ops.mod(x!, y!);
  await using recorded = await Recorded.open([a, b].map(anyRows), build);
  const [rests] = await recorded.run(a, b);
  assertAllClose(rests!.data, [2, 1, -1, -2, 0, 0]);
});

Deno.test("log1p() and expm1() go to their limits", async () => {
  const x = floats([1, 4], [-1, 100, -100, 1e-30]);
  const build: Build = (ops, v) => [ops.log1p(v!), ops.expm1(v!)];
  await using recorded = await Recorded.open([anyRows(x)], build);
  const [logs, powers] = await recorded.run(x);
  assertAllClose(logs!.data.slice(0, 2), [-Infinity, Math.log(101)]);
  assertAllClose(powers!.data.slice(1, 3), [Infinity, -1]);
});
