import { assert, assertEquals } from "@std/assert";
import {
  type NamedArray,
  statisticsTable,
} from "../../lib/display/statistics_table.ts";

function tableOf(...arrays: NamedArray[]) {
  const [table] = statisticsTable("weight", arrays, (name) => `show ${name}`);
  assert(table?.kind === "table");
  return table;
}

Deno.test("statisticsTable() writes a row for each array", () => {
  const { columns, rows } = tableOf(
    { name: "kernel", data: [1, 3, 0, 0], shape: [2, 2], dtype: "float32" },
    { name: "bias", data: [2, NaN, 4], shape: [3], dtype: "float32" },
  );
  assertEquals(
    columns.map(({ name }) => name),
    [
      ...["weight", "shape", "dtype", "mean", "std", "min", "max"],
      ...["zeros %", "NaN", "infinite"],
    ],
  );
  // By hand: mean 1, squares 0 + 4 + 1 + 1 over 4; then 2 and 4 alone.
  assertEquals(rows, [
    ["kernel", "[2, 2]", "float32", 1, Math.sqrt(1.5), 0, 3, 50, 0, 0],
    ["bias", "[3]", "float32", 3, 1, 2, 4, 0, 1, 0],
  ]);
});

Deno.test("statisticsTable() leaves out the statistics of nothing", () => {
  const empty = { name: "none", data: [], shape: [0], dtype: "float32" };
  assertEquals(tableOf(empty).rows, [
    ["none", "[0]", "float32", null, null, null, null, null, 0, 0],
  ]);
});

Deno.test("statisticsTable() says 100 % zeros only of zeros alone", () => {
  const percentOf = (data: ArrayLike<number>) =>
    tableOf({ name: "w", data, shape: [data.length], dtype: "float32" })
      .rows[0]![7];
  const values = new Float32Array(100_000);
  assertEquals(percentOf(values), 100);
  values[7] = 1;
  assertEquals(percentOf(values), 99.99);
});

Deno.test("statisticsTable() says how to see arrays that are left out", () => {
  const arrays = Array.from({ length: 50 }, (_, i) => ({
    ...{ name: `w${i}`, data: [i], shape: [1], dtype: "float32" },
  }));
  const [table, text] = statisticsTable("w", arrays, (name) => `show ${name}`);
  assertEquals(table?.kind === "table" && table.rows.length, 41);
  assertEquals(text, {
    kind: "text",
    text: "40 of 50 arrays listed: show w30",
  });
});
