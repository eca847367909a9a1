import { assertEquals, assertThrows } from "@std/assert";
import { poolMaps } from "../../lib/features/pool_maps.ts";
import { frozenArray } from "../../lib/features/rows.ts";
import { assertAllClose } from "../support/all_close.ts";

// Two samples, 2 × 1 positions, 2 channels.
const LAST = frozenArray(
  Float32Array.of(1, 10, 3, 20, -1, -5, -3, -6),
  [2, 2, 1, 2],
  "float32",
);
const FIRST = frozenArray(
  Float32Array.of(1, 3, 10, 20, -1, -3, -5, -6),
  [2, 2, 2, 1],
  "float32",
);

Deno.test("poolMaps() returns means and maxima, wherever the channels stand", () => {
  for (const [map, channels] of [[LAST, "last"], [FIRST, "first"]] as const) {
    const mean = poolMaps(map, "mean", channels);
    assertEquals(mean.data, Float32Array.of(2, 15, -2, -5.5));
    assertEquals(mean.shape, [2, 2]);
    const max = poolMaps(map, "max", channels);
    assertEquals(max.data, Float32Array.of(3, 20, -1, -5));
  }
});

Deno.test("poolMaps() takes sequences and volumes", () => {
  const sequence = frozenArray(
    Float32Array.of(1, 2, 5, 6),
    [1, 2, 2],
    "float32",
  );
  assertEquals(poolMaps(sequence, "mean", "last").data, Float32Array.of(3, 4));
  const volume = frozenArray(
    Float32Array.of(1, 2, 5, 8),
    [1, 2, 2, 1, 1],
    "float32",
  );
  assertEquals(poolMaps(volume, "mean", "last").data, Float32Array.of(4));
  assertEquals(poolMaps(volume, "max", "first").data, Float32Array.of(2, 8));
});

Deno.test("poolMaps() sums in float64 and keeps the type", () => {
  // In float32, 2 ** 24 + 1 + 1 is 2 ** 24.
  const wide = frozenArray(
    Float32Array.of(2 ** 24, 1, 1, 2),
    [1, 4, 1],
    "float32",
  );
  assertEquals(
    poolMaps(wide, "mean", "last").data,
    Float32Array.of(2 ** 22 + 1),
  );
  const half = frozenArray(Float16Array.of(1, 2), [1, 2, 1], "float16");
  assertEquals(poolMaps(half, "mean", "last").data, Float16Array.of(1.5));
  const whole = frozenArray(Int32Array.of(1, 2), [1, 2, 1], "int32");
  const mean = poolMaps(whole, "mean", "last");
  assertEquals([mean.data, mean.dtype], [Float32Array.of(1.5), "float32"]);
  assertEquals(poolMaps(whole, "max", "last").data, Int32Array.of(2));
});

Deno.test("poolMaps() returns NaN when a position is NaN", () => {
  const map = frozenArray(Float32Array.of(NaN, 1, 2, 3), [1, 2, 2], "float32");
  assertAllClose(poolMaps(map, "max", "last"), [NaN, 3]);
  assertAllClose(poolMaps(map, "mean", "last"), [NaN, 2]);
});

Deno.test("poolMaps() refuses maps without positions", () => {
  const map = frozenArray(new Float32Array(0), [1, 0, 2], "float32");
  assertThrows(
    () => poolMaps(map, "mean", "last"),
    RangeError,
    "have positions",
  );
});
