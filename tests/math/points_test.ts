import { assertEquals, assertThrows } from "@std/assert";
import { chooseRows } from "../../lib/math/points.ts";

Deno.test("chooseRows() leaves out rows that are not finite", () => {
  const data = Float32Array.of(1, 2, NaN, 0, 3, 4, 5, -Infinity, 6, 7);
  assertEquals(chooseRows({ data, shape: [5, 2] }, 10, "project"), {
    chosen: Int32Array.of(0, 2, 4),
    skipped: 2,
    width: 2,
  });
});

Deno.test("chooseRows() spaces rows evenly when there are too many", () => {
  const rows = { data: new Float32Array(10), shape: [10, 1] };
  const { chosen } = chooseRows(rows, 4, "project");
  assertEquals(chosen, Int32Array.of(0, 2, 5, 7));
});

Deno.test("chooseRows() counts the axes after the first as one", () => {
  const rows = { data: new Float32Array(24), shape: [2, 3, 4] };
  assertEquals(chooseRows(rows, 9, "project").width, 12);
  const empty = { data: new Float32Array(0), shape: [0, 3] };
  assertEquals(chooseRows(empty, 9, "project").chosen.length, 0);
});

Deno.test("chooseRows() refuses a shape that does not fit", () => {
  const data = new Float32Array(6);
  for (const shape of [[6], [2, 2], []]) {
    const run = () => chooseRows({ data, shape }, 3, "project by PCA");
    assertThrows(run, TypeError, "Cannot project by PCA as shape must be");
  }
});
