import { assertEquals } from "@std/assert";
import { foldRows } from "../../lib/display/fold_rows.ts";

Deno.test("foldRows() lists up to 40 things, and of more the ends", () => {
  const all = foldRows(40, (i) => [i]);
  assertEquals(all.rows, Array.from({ length: 40 }, (_, i) => [i]));
  assertEquals([all.listed, all.next], [40, undefined]);
  const some = foldRows(41, (i) => [i]);
  assertEquals(some.rows.slice(28, 33), [
    ...[[28], [29], ["… 1 more …"], [31], [32]],
  ]);
  assertEquals([some.rows.length, some.listed, some.next], [41, 40, 30]);
  assertEquals(foldRows(0, (i) => [i]).rows, []);
});
