import { assert, assertEquals } from "@std/assert";
import { NearestList } from "../../lib/linalg/nearest_list.ts";
import { squaresOf } from "../../lib/linalg/nearest_list.ts";
import { openNearest } from "../../lib/linalg/nearest_rows.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals, shuffled } from "../support/detector_sets.ts";

function random(rows: number, columns: number, seed: number, offset = 0) {
  const data = normals(rows * columns, seed).map((x) =>
    Math.fround(x + offset)
  );
  return { data, rows, columns };
}

Deno.test("NearestList keeps the nearest, the first of equally near ones", () => {
  const list = new NearestList(3);
  const distances = [4, 1, 9, 1, 0, 4];
  for (const row of shuffled(6, 1)) list.offer(row, distances[row]!);
  const [indices, found] = [new Int32Array(3), new Float64Array(3)];
  list.write(indices, found, 0);
  assertEquals([...indices], [4, 1, 3]);
  assertEquals([...found], [0, 1, 1]);
});

Deno.test("openNearest() finds rows by hand, and skips those that do not count", async () => {
  const bank = { data: Float64Array.of(0, 0, 3, 4, 0, 1), rows: 3, columns: 2 };
  const search = await openNearest(bank, { neighbors: 2 });
  const queries = { data: Float64Array.of(0, 0, 0, 0), rows: 2, columns: 2 };
  const { indices, distances } = await search.find(
    queries,
    Int32Array.of(-1, 0),
  );
  assertEquals([...indices], [0, 2, 2, 1]);
  assertEquals([...distances], [0, 1, 1, 5]);
  await search.close();
});

Deno.test("openNearest() is equal on the runtime and in plain loops, also far from 0", async () => {
  for (const offset of [0, 1e4]) {
    const bank = random(6000, 64, 1, offset);
    const queries = random(40, 64, 2, offset);
    const skipped = Int32Array.from({ length: 40 }, (_, i) => i % 3 ? i : -1);
    const results = [];
    for (const native of [undefined, false]) {
      const options = { neighbors: 20, native, queries: 1e6 };
      const search = await openNearest(bank, options);
      results.push(await search.find(queries, skipped));
      await search.close();
    }
    assertEquals(results[0]!.indices, results[1]!.indices);
    assertEquals(results[0]!.distances, results[1]!.distances);
  }
});

Deno.test("openNearest() adds extra squares, and divides rows by lengths, on the runtime too", async () => {
  const [{ data, rows, columns }, queries] = [
    random(6000, 64, 1),
    random(9, 64, 2),
  ];
  const lengths = Float64Array.from({ length: rows }, (_, i) => 1 + i % 7);
  lengths[5] = Infinity; // a row of zeros
  const extra = normals(rows, 3).map((x) => 40 * x * x);
  const squares = (query: number) =>
    Float64Array.from({ length: rows }, (_, i) => {
      let sum = extra[i]!;
      for (let j = 0; j < columns; j++) {
        const x = data[i * columns + j]! / lengths[i]!;
        sum += (x - queries.data[query * columns + j]!) ** 2;
      }
      return sum;
    });
  const bank = { data, rows, columns, lengths, extra };
  for (const native of [undefined, false]) {
    const options = { neighbors: 20, native, queries: 1e6 };
    const search = await openNearest(bank, options);
    const { indices, distances } = await search.find(queries);
    await search.close();
    for (let query = 0; query < 9; query++) {
      const all = squares(query);
      const order = Array.from(all.keys()).sort((a, b) => all[a]! - all[b]!);
      const nearest = order.slice(0, 20);
      assertEquals(
        Array.from(indices.subarray(query * 20, query * 20 + 20)),
        nearest,
      );
      assertAllClose(
        distances.subarray(query * 20, query * 20 + 20),
        nearest.map((i) => Math.sqrt(all[i]!)),
        { rtol: 1e-13 },
      );
    }
  }
});

Deno.test("openNearest() is exact among copies, tiny differences and huge numbers", async () => {
  const bank = random(3000, 8, 3);
  // Every tenth row is a copy, many differ by less than float32 of products tells.
  for (let row = 0; row < 3000; row++) {
    for (let j = 0; j < 8; j++) {
      const at = row * 8 + j;
      if (row % 10 === 0) bank.data[at] = 1;
      else if (row % 2 === 0) bank.data[at] = 1 + row * 1e-9;
      else if (row === 1) bank.data[at] = 1e30;
    }
  }
  const queries = { data: new Float64Array(16).fill(1), rows: 2, columns: 8 };
  queries.data.fill(1e30, 8);
  const found = [];
  for (const native of [undefined, false]) {
    const options = { neighbors: 301, native, queries: 1e6 };
    const search = await openNearest(bank, options);
    found.push(await search.find(queries));
    await search.close();
  }
  assertEquals(found[0]!.indices, found[1]!.indices);
  assertEquals(found[0]!.distances.slice(0, 300), new Float64Array(300));
  assertAllClose([found[0]!.distances[300]!], [2e-9 * Math.sqrt(8)], {
    rtol: 1e-6,
  });
  assert(found[0]!.indices[301] === 1);
});

Deno.test("openNearest() is exact where squares vanish in float32", async () => {
  const bank = random(2000, 8, 5);
  const queries = random(5, 8, 6);
  for (const { data } of [bank, queries]) {
    data.forEach((x, i) => data[i] = x * 1e-30);
  }
  const found = [];
  for (const native of [undefined, false]) {
    const options = { neighbors: 3, native, queries: 1e6 };
    const search = await openNearest(bank, options);
    found.push(await search.find(queries));
    await search.close();
  }
  assertEquals(found[0], found[1]);
});

Deno.test("openNearest() finds the same, to the bit, with squares of the rows", async () => {
  const [rows, columns, neighbors] = [400, 30, 12];
  const whole = random(rows, columns, 7);
  const lengths = normals(rows, 8).map((x) => 1 + x * x);
  lengths[3] = Infinity; // a row of zeros
  const extra = normals(rows, 9).map((x) => x * x);
  const banks = {
    plain: { scale: 1, offset: 0, more: {} },
    "with lengths": { scale: 1, offset: 0, more: { lengths } },
    "with extra squares": { scale: 1, offset: 0, more: { lengths, extra } },
    "far from 0": { scale: 1e-3, offset: 1e4, more: {} },
    "close to each other": { scale: 1e-9, offset: 1, more: {} },
    "that overflow": { scale: 1e160, offset: 0, more: {} },
    "that vanish": { scale: 1e-160, offset: 0, more: {} },
    "that are copies": { scale: 0, offset: 0.1, more: {} },
  };
  for (const [name, { scale, offset, more }] of Object.entries(banks)) {
    const data = whole.data.map((x) => x * scale + offset);
    const bank = { data, rows, columns, ...more };
    const queries = { data: data.subarray(columns * 5), rows: 9, columns };
    const found = [];
    for (const squares of [undefined, squaresOf(bank)]) {
      const options = { neighbors, native: false };
      const search = await openNearest(
        squares === undefined ? bank : { ...bank, squares },
        options,
      );
      found.push(await search.find(queries));
      await search.close();
    }
    assertEquals(found[0], found[1], name);
  }
});
