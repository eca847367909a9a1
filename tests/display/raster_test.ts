import { assertEquals } from "@std/assert";
import { inflateSync } from "node:zlib";
import {
  matrixPng,
  mosaicOf,
  shrink,
  shrinkChannels,
  stretched,
} from "../../lib/display/raster.ts";

/** Rows of palette indices of a PNG of ours: IDAT is its fourth part. */
function indices(png: Uint8Array, width: number): number[][] {
  const text = new TextDecoder("latin1").decode(png);
  const raw = inflateSync(png.subarray(text.indexOf("IDAT") + 4));
  const rows: number[][] = [];
  for (let at = 0; at < raw.length; at += width + 1) {
    rows.push([...raw.subarray(at + 1, at + 1 + width)]);
  }
  return rows;
}

Deno.test("shrink() gives a small matrix back as it is", () => {
  const z = [1, 2, 3, 4];
  const small = shrink({ z, height: 2, width: 2 }, 2);
  assertEquals(small.z, z);
  assertEquals(small.factor, [1, 1]);
});

Deno.test("shrink() takes means over blocks, also over cut ones", () => {
  const z = [1, 3, 5, 5, 7, 9, 2, 4, 6, 6]; // [2, 5]
  const small = shrink({ z, height: 2, width: 5 }, 3);
  assertEquals(small.factor, [1, 2]);
  assertEquals([small.height, small.width], [2, 3]);
  assertEquals([...small.z as Float64Array], [2, 5, 7, 5.5, 5, 6]);
});

Deno.test("shrink() keeps blocks that are not finite visible", () => {
  const small = shrink({ z: [1, Infinity, 1, 1], height: 1, width: 4 }, 2);
  assertEquals([...small.z as Float64Array], [NaN, 1]);
});

Deno.test("matrixPng() colours over the range", () => {
  const z = [0, 1, NaN, 0.5];
  const png = matrixPng({ z, height: 2, width: 2 }, false);
  assertEquals(indices(png, 2), [[0, 253], [254, 127]]);
  const around = matrixPng({ z: [-1, 2], height: 1, width: 2 }, true);
  assertEquals(indices(around, 2), [[63, 253]]); // -1 of [-2, 2] is 0.25
});

Deno.test("matrixPng() draws zeros dark where dark is lowest, white where zero is", () => {
  const zeros = { z: [0, 0], height: 1, width: 2 };
  assertEquals(indices(matrixPng(zeros, false), 2), [[0, 0]]);
  assertEquals(indices(matrixPng(zeros, true), 2), [[127, 127]]);
});

Deno.test("shrinkChannels() averages each channel by itself", () => {
  const z = [1, 10, 3, 30, 5, 50, 5, 70]; // [1, 4, 2]
  const small = shrinkChannels({ z, height: 1, width: 4 }, 2, 2);
  assertEquals([...small.z as Float64Array], [2, 20, 5, 60]);
  assertEquals([small.height, small.width], [1, 2]);
});

Deno.test("mosaicOf() colours each matrix over its range, with paper between", () => {
  const maps = [
    { z: [0, 1], height: 1, width: 2 },
    { z: [0, 100], height: 1, width: 2 },
    { z: [7, 7], height: 1, width: 2 },
    { z: [7, 7], height: 1, width: 2 },
  ];
  const layout = {
    columns: 2,
    cell: { width: 5, height: 3 },
    repeat: 2,
    diverging: false,
    ranges: [[0, 1], [0, 200], [0, 7], null],
  } as const;
  const { png, width, height } = mosaicOf(maps, layout);
  assertEquals([width, height], [10, 6]);
  const row = [0, 0, 253, 253, 255, 0, 0, 127, 127, 255];
  const paper = Array(5).fill(255);
  const last = [253, 253, 253, 253, 255, ...paper]; // null leaves its cell empty
  assertEquals(indices(png, 10), [
    ...[row, row, [...paper, ...paper]],
    ...[last, last, [...paper, ...paper]],
  ]);
});

Deno.test("stretched() repeats the rows or columns of narrow matrices", () => {
  const row = { z: [...Array(16).keys()], height: 1, width: 16 };
  const wide = stretched({ ...row, factor: [1, 1] });
  assertEquals([wide.height, wide.width], [2, 16]);
  assertEquals(Array.from(wide.z), [...row.z, ...row.z]);
  const tall = stretched({ ...row, height: 16, width: 1, factor: [1, 1] });
  assertEquals([tall.height, tall.width], [16, 2]);
  assertEquals(Array.from(tall.z).slice(0, 4), [0, 0, 1, 1]);
  const square = { z: [1], height: 1, width: 1, factor: [1, 1] } as const;
  assertEquals(stretched(square), square);
});
