import { assertEquals, assertThrows } from "@std/assert";
import { checkRank, checkWeight, depthOf } from "../../lib/layers/_checks.ts";

Deno.test("checkRank() names layer and shape when the axes are too many", () => {
  checkRank("conv", [null, 3], 2);
  assertThrows(
    () => checkRank("conv", [null, 3], 4),
    TypeError,
    'Cannot call layer "conv" as its input must have 4 axes: current value is [null, 3]',
  );
});

Deno.test("checkWeight() lets any size pass where none is wanted", () => {
  checkWeight("dense", "kernel", [3, 4], [null, 4]);
  for (const shape of [[3, 5], [3], [3, 4, 1]]) {
    assertThrows(
      () => checkWeight("dense", "kernel", shape, [null, 4]),
      TypeError,
      'Cannot call layer "dense" as the shape of its "kernel" must be [null, 4]',
    );
  }
});

Deno.test("depthOf() gives the last size, which must be known", () => {
  assertEquals(depthOf("conv", [null, null, 3]), 3);
  assertThrows(
    () => depthOf("conv", [null, 3, null]),
    TypeError,
    'Cannot call layer "conv" as the number of its input\'s channels must be known',
  );
});
