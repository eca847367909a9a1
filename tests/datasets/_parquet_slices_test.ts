/**
 * Rows of large images come a slice at a time, as they would come at once.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { LockedDuckdb } from "../../lib/formats/duckdb.ts";
import type { ImageColumn } from "../../lib/datasets/_columns.ts";
import { duckdbStore } from "../../lib/datasets/_duckdb_store.ts";
import {
  isAscending,
  parquetSlices,
  slicesOf,
} from "../../lib/datasets/_parquet_slices.ts";
import { TABLES } from "./_read_source.ts";

const FILES = [`${TABLES}photos.parquet`];
const FROM = `read_parquet(['${FILES[0]}'])`;
const SLICED = `read_parquet(['${
  FILES[0]
}'], filename = true, file_row_number = true)`;

Deno.test("slicesOf() gives the slices that hold the rows", () => {
  const files = [{ name: "a", rows: 7 }, { name: "b", rows: 0 }, {
    name: "c",
    rows: 3,
  }];
  const slices = { step: 3, from: "", files };
  const found = (start: number, rows?: number[]) =>
    [...slicesOf(slices, start, rows && Uint32Array.from(rows))]
      .map(({ first, fileRow, rows, picks }) => [first, fileRow, rows, picks]);
  assertEquals(found(0), [
    [0, 0, 3, undefined],
    [3, 3, 3, undefined],
    [6, 6, 1, undefined],
    [7, 0, 3, undefined],
  ]);
  assertEquals(found(5), [[5, 5, 2, undefined], [7, 0, 3, undefined]]);
  assertEquals(found(8), [[8, 1, 2, undefined]]);
  assertEquals(found(10), []);
  assertEquals(found(0, [1, 2, 6, 9]), [
    [0, 0, 3, [1, 2]],
    [6, 6, 1, [0]],
    [7, 0, 3, [2]],
  ]);
  assertEquals(found(2, [1, 2, 6, 9]), [[6, 6, 1, [0]], [7, 0, 3, [2]]]);
  const where = [...slicesOf(slices, 8)][0]?.where;
  assertEquals(where, "filename = 'c' AND file_row_number BETWEEN 1 AND 2");
  assertEquals(isAscending(Uint32Array.of(0, 2, 5)), true);
  assertEquals(isAscending(Uint32Array.of(0, 2, 2)), false);
});

Deno.test("a store reads the same images by slices, from any row and in any order", async () => {
  const engine = await LockedDuckdb.open(FILES, "test");
  const parts = { from: FROM, name: "table" };
  const plain = await duckdbStore(engine, parts);
  const files = [{ name: FILES[0]!, rows: plain.count }];
  const slices = { step: 5, from: SLICED, files };
  const sliced = await duckdbStore(engine, { ...parts, slices });
  const images = plain.columns.find(({ kind }) => kind === "images")!.name;
  const read = async (store: typeof plain, start: number, rows?: number[]) => {
    const picked = rows && Uint32Array.from(rows);
    const found: [string | undefined, string][] = [];
    for await (const block of store.read([images], start, picked)) {
      const { values, names } = block.columns.get(images) as ImageColumn;
      values.forEach((bytes, i) =>
        found.push([
          names[i],
          (bytes as Uint8Array).toHex(),
        ])
      );
    }
    return found;
  };
  const all = await read(plain, 0);
  try {
    assertEquals(await read(sliced, 0), all);
    assertEquals(await read(sliced, 7), all.slice(7));
    for (const rows of [[1, 4, 5, 11], [9, 2, 2, 0], [3]]) {
      const wanted = rows.map((row) => all[row]!);
      assertEquals(await read(sliced, 0, rows), wanted);
      assertEquals(await read(sliced, 1, rows), wanted.slice(1));
    }
    assertEquals(await sliced.head(2), await plain.head(2));
    assertEquals(await parquetSlices(engine, FILES, SLICED), undefined);
  } finally {
    plain.close();
  }
});
