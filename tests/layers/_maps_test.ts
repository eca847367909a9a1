import { assertEquals } from "@std/assert";
import {
  firstSpatialAxis,
  fromChannelsLast,
  noMasks,
  toChannelsLast,
} from "../../lib/layers/_maps.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

const ops = new ShapeOps();

Deno.test("toChannelsLast() turns only what has its channels first", () => {
  const map = { shape: [null, 3, 7, 8, 9], dtype: "float32" } as const;
  const transposed = toChannelsLast(ops, map, "first");
  assertEquals(transposed.shape, [null, 7, 8, 9, 3]);
  assertEquals(fromChannelsLast(ops, transposed, "first").shape, map.shape);
  assertEquals(toChannelsLast(ops, map, "last"), map);
  assertEquals(fromChannelsLast(ops, map, "last"), map);
});

Deno.test("firstSpatialAxis() stands after the batch, or after the channels", () => {
  assertEquals([firstSpatialAxis("last"), firstSpatialAxis("first")], [1, 2]);
});

Deno.test("noMasks() lets no mask go on", () => {
  assertEquals(noMasks(), []);
});
