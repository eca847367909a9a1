import { assertThrows } from "@std/assert";
import { assertAllClose } from "./all_close.ts";

Deno.test("assertAllClose() holds when numbers differ within the tolerance", () => {
  assertAllClose([1, 2, NaN, Infinity], [1, 2 + 1e-6, NaN, Infinity]);
  assertAllClose(Float32Array.of(0.1), [0.1]);
  assertAllClose([1.05], [1], { atol: 0.1 });
});

Deno.test("assertAllClose() names the worst index when numbers differ", () => {
  const run = () => assertAllClose([1, 2.1, 4, 4], [1, 2, 3, 4]);
  assertThrows(run, Error, "Expected 3 at index 2: current value is 4; 2 of 4");
});

Deno.test("assertAllClose() fails when only one side is NaN or infinite", () => {
  assertThrows(() => assertAllClose([NaN], [1]), Error, "index 0");
  assertThrows(() => assertAllClose([1], [NaN]), Error, "index 0");
  assertThrows(() => assertAllClose([1], [Infinity]), Error, "index 0");
  assertThrows(() => assertAllClose([Infinity], [-Infinity]), Error, "index 0");
});

Deno.test("assertAllClose() fails when lengths or shapes differ", () => {
  assertThrows(() => assertAllClose([1], [1, 2]), Error, "Expected 2 numbers");
  const flat = { data: Float32Array.of(1, 2), shape: [2] };
  const row = { data: Float32Array.of(1, 2), shape: [1, 2] };
  assertThrows(() => assertAllClose(flat, row), Error, "Expected shape [1, 2]");
  assertAllClose(flat, [1, 2]);
});
