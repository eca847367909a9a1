import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import {
  emptyLike,
  frozenArray,
  joinRows,
  takeRows,
} from "../../lib/features/rows.ts";

const MATRIX = frozenArray(
  Float32Array.of(1, 2, 3, 4, 5, 6),
  [3, 2],
  "float32",
);

Deno.test("frozenArray() shares the data and copies the shape", () => {
  const shape = [3, 2];
  const data = Int32Array.of(1, 2, 3, 4, 5, 6);
  const array = frozenArray(data, shape, "int32");
  assert(array.data === data && Object.isFrozen(array));
  assert(Object.isFrozen(array.shape) && !Object.isFrozen(shape));
});

Deno.test("emptyLike() keeps the kind", () => {
  assertEquals(emptyLike(new Float16Array(2), 3), new Float16Array(3));
});

Deno.test("takeRows() copies rows in the passed order, twice on request", () => {
  const { data, shape } = takeRows(MATRIX, [2, 0, 2]);
  assertEquals(data, Float32Array.of(5, 6, 1, 2, 5, 6));
  assertEquals(shape, [3, 2]);
  assertEquals(takeRows(MATRIX, []).shape, [0, 2]);
});

Deno.test("joinRows() puts rows one after the other, in an array of its own", () => {
  const joined = joinRows([MATRIX, takeRows(MATRIX, [1])]);
  assertEquals(joined.data, Float32Array.of(1, 2, 3, 4, 5, 6, 3, 4));
  assertEquals([joined.shape, joined.dtype], [[4, 2], "float32"]);
  assertNotStrictEquals(joinRows([MATRIX]).data, MATRIX.data);
});
