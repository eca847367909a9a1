import { assertEquals } from "@std/assert";
import { assertAllClose } from "../../../support/all_close.ts";
import {
  anyRows,
  type Build,
  floats,
  integers,
  Recorded,
  runOnce,
} from "../_recorded.ts";

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

Deno.test("mod() of floats has the sign of the divisor, and is 0 for multiples", async () => {
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

Deno.test("sigmoid() and silu() keep the digits of what is small", async () => {
  const values = [-85, -50, -30, -18.5, -15, -11.3, -8, -1, 0, 8, 100];
  const x = floats([1, values.length], values);
  const exact = x.data.map((v) => 1 / (1 + Math.exp(-v)));
  const build: Build = (ops, v) => [ops.sigmoid(v!), ops.silu(v!)];
  await using recorded = await Recorded.open([anyRows(x)], build);
  const [sigmoids, silus] = await recorded.run(x);
  const close = { rtol: 1e-6, atol: 0 };
  assertAllClose(sigmoids!.data, exact, close);
  assertAllClose(silus!.data, exact.map((s, i) => s * x.data[i]!), close);
  const limits = floats([1, 3], [-Infinity, -1e4, Infinity]);
  const ends = await runOnce([limits], (ops, v) => ops.sigmoid(v!));
  assertEquals(ends.data, [0, 0, 1]);
});

Deno.test("silu() of a large map is right to 3e-6", async () => {
  const values = Array.from({ length: 6000 }, (_, i) => i / 100 - 30);
  const x = floats([1, 60, 100, 1], values);
  const exact = x.data.map((v) => v / (1 + Math.exp(-v)));
  const silus = await runOnce([x], (ops, v) => ops.silu(v!));
  assertAllClose(silus.data, exact, { rtol: 1e-6, atol: 3e-6 });
});
