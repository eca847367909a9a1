import { assertEquals } from "@std/assert";
import { fixedBatch } from "../../../lib/models/graph/fixed_batch.ts";

Deno.test("fixedBatch() is the first size of arrays, of outputs, or 1", () => {
  assertEquals(fixedBatch([], []), undefined);
  assertEquals(fixedBatch([undefined], []), undefined);
  assertEquals(fixedBatch([[4, 2], [4]], []), 4);
  // Lists count where there is nothing else.
  assertEquals(fixedBatch([[4, 2], [2]], []), 4);
  assertEquals(fixedBatch([[2], [2]], []), 2);
  // A state of two layers, also where only its last value comes out.
  assertEquals(fixedBatch([[1, 9], [2, 1, 3]], [[1, 1], [2, 1, 3]]), 1);
  assertEquals(fixedBatch([[1, 9], [2, 1, 3]], [[2, 1, 3]]), 1);
  // Anchors beside images.
  assertEquals(fixedBatch([[8, 3], [1, 4]], [[8, 2], [8, 1]]), 8);
  assertEquals(fixedBatch([[5, 3], [3, 4]], [[3, 2]]), 3);
  assertEquals(fixedBatch([[5, 3], [3, 4]], [[3, 2], [5, 2]]), NaN);
  assertEquals(fixedBatch([[5, 3], [3, 4]], []), NaN);
});
