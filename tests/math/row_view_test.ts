import { assert, assertEquals } from "@std/assert";
import { rowsFrom, rowView } from "../../lib/math/row_view.ts";
import type { NdArray } from "../../lib/types.ts";

Deno.test("rowView() returns rows in the memory of the array", () => {
  const data = Int32Array.of(0, 1, 2, 3, 4, 5);
  const array = { data, shape: [3, 2], dtype: "int32" };
  const rows = rowView(array, 1, 3);
  assertEquals(rows, {
    data: Int32Array.of(2, 3, 4, 5),
    shape: [2, 2],
    dtype: "int32",
  });
  assert(rows.data.buffer === data.buffer);
  assertEquals(rowView(array, 2, 2).shape, [0, 2]);
  assertEquals(array.shape, [3, 2]);
});

Deno.test("rowView() accepts scalars as rows, and big integers", () => {
  const data = BigInt64Array.of(1n, 2n, 3n);
  const rows = rowView({ data, shape: [3] }, 0, 2);
  assertEquals(rows, { data: BigInt64Array.of(1n, 2n), shape: [2] });
});

const IDS: NdArray<BigInt64Array> = {
  data: BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n),
  shape: [3, 2],
  dtype: "int64",
};

Deno.test("rowsFrom() cuts rows, and fills up with the last one", () => {
  const first = rowsFrom(IDS, 0, 2);
  assertEquals(first.shape, [2, 2]);
  assertEquals(first.data, BigInt64Array.of(1n, 2n, 3n, 4n));
  const last = rowsFrom(IDS, 2, 3);
  assertEquals(last.shape, [3, 2]);
  assertEquals(last.data, BigInt64Array.of(5n, 6n, 5n, 6n, 5n, 6n));
  assertEquals(IDS.data.length, 6);
});

Deno.test("rowView() and rowsFrom() cut strings", () => {
  const strings = { data: ["a", "b", "c", "d", "e", "f"], shape: [3, 2] };
  assertEquals(rowView(strings, 1, 2), { data: ["c", "d"], shape: [1, 2] });
  assertEquals(rowsFrom(strings, 0, 2).data, ["a", "b", "c", "d"]);
  assertEquals(rowsFrom(strings, 2, 3), {
    ...{ data: ["e", "f", "e", "f", "e", "f"], shape: [3, 2] },
  });
});
