import { assertEquals, assertThrows } from "@std/assert";
import { deflateSync } from "node:zlib";
import { Cursor, Hdf5Bytes } from "../../lib/formats/_hdf5_bytes.ts";
import { readFilters, unfilter } from "../../lib/formats/_hdf5_filters.ts";
import { bytesSource } from "../../lib/formats/byte_source.ts";

// Bytes are written down after the HDF5 File Format Specification, 3.0, IV.A.2.l.
const FILE = new Hdf5Bytes(bytesSource(new Uint8Array(64), "x.h5"));
const DEFLATE = { id: 1, name: "deflate" };
const SHUFFLE = { id: 2, name: "shuffle" };
const FLETCHER32 = { id: 3, name: "fletcher32" };
const LZF = { id: 32000, name: "lzf" };

function undone(
  stored: readonly number[] | Uint8Array,
  filters: readonly { id: number; name: string }[],
  length: number,
  { mask = 0, elementSize = 1 } = {},
): number[] {
  const query = { filters, mask, length, elementSize, path: "x" };
  return [...unfilter(FILE, Uint8Array.from(stored), query)];
}

Deno.test("unfilter() undoes each filter, last one first", () => {
  const values = [1, 2, 3, 4, 5, 6];
  assertEquals(undone(values, [], 6), values);
  assertEquals(
    undone(deflateSync(Uint8Array.from(values)), [DEFLATE], 6),
    values,
  );
  const byByte = [1, 3, 5, 2, 4, 6];
  const two = { elementSize: 2 };
  assertEquals(undone(byByte, [SHUFFLE], 6, two), values);
  const both = deflateSync(Uint8Array.from(byByte));
  assertEquals(undone(both, [SHUFFLE, DEFLATE], 6, two), values);
  // Bytes that fill no element stay where they are.
  assertEquals(undone([1, 3, 2, 4, 9], [SHUFFLE], 5, two), [1, 2, 3, 4, 9]);
});

Deno.test("unfilter() decompresses LZF: literals, and copies of what came before", () => {
  // Three literals; 4 bytes from 3 back; then 9 + 1 bytes from 1 back.
  const stored = [2, 1, 2, 3, 2 << 5, 2, 7 << 5, 1, 0];
  assertEquals(undone(stored, [LZF], 17), [
    ...[1, 2, 3, 1, 2, 3, 1],
    ...Array<number>(10).fill(1),
  ]);
  for (
    const cut of [[2, 1], [2 << 5], [2 << 5, 0], [7 << 5, 1], [0, 1, 2 << 5, 9]]
  ) {
    assertThrows(() => undone(cut, [LZF], 17), SyntaxError, "whole LZF data");
  }
  assertThrows(() => undone(stored, [LZF], 5), SyntaxError, "whole LZF data");
});

Deno.test("unfilter() checks Fletcher's sum over pairs of bytes", () => {
  // 0x0102 and 0x0304: sums 0x0406 and 0x0508; three bytes end in 0x0300.
  assertEquals(undone([1, 2, 3, 4, 6, 4, 8, 5], [FLETCHER32], 4), [1, 2, 3, 4]);
  assertEquals(undone([1, 2, 3, 2, 4, 4, 5], [FLETCHER32], 3), [1, 2, 3]);
  // A sum of 65535 stays, as 0 is that of zeros.
  assertEquals(
    undone([255, 255, 255, 255, 255, 255], [FLETCHER32], 2),
    [255, 255],
  );
  assertEquals(undone([0, 0, 0, 0, 0, 0], [FLETCHER32], 2), [0, 0]);
  assertThrows(
    () => undone([1, 2, 3, 5, 6, 4, 8, 5], [FLETCHER32], 4),
    SyntaxError,
    "the checksum of a chunk must be",
  );
  assertThrows(() => undone([1], [FLETCHER32], 4), SyntaxError, "a checksum");
});

Deno.test("unfilter() leaves out compression that did not pay, and nothing else", () => {
  assertEquals(undone([1, 2], [LZF], 2, { mask: 1 }), [1, 2]);
  assertEquals(undone([1, 2], [SHUFFLE, DEFLATE], 2, { mask: 2 }), [1, 2]);
  assertThrows(
    () => undone([1, 2], [SHUFFLE, DEFLATE], 2, { mask: 1 }),
    SyntaxError,
  );
  assertThrows(
    () => undone([1, 2], [SHUFFLE], 2, { mask: 1 }),
    SyntaxError,
    "no chunk must leave out shuffle",
  );
});

Deno.test("unfilter() refuses chunks of another length, and deflate that never ends", () => {
  assertThrows(() => undone([1, 2], [], 3), SyntaxError, 'of "x" must have 3');
  const zeros = deflateSync(new Uint8Array(1_000_000));
  assertThrows(() => undone(zeros, [DEFLATE], 9), SyntaxError, "deflate data");
  assertThrows(() => undone([9, 9], [DEFLATE], 9), SyntaxError, "deflate data");
});

const word = (n: number) => [n & 255, n >> 8 & 255];
const long = (n: number) => [...word(n), 0, 0];

function read(bytes: readonly number[], elementSize = 4) {
  const cursor = new Cursor(Uint8Array.from(bytes), FILE, "filters");
  return readFilters(FILE, cursor, elementSize).map(({ id }) => id);
}

Deno.test("readFilters() reads both versions of the list", () => {
  const first = [
    ...[1, 2, 0, 0, 0, 0, 0, 0],
    ...[...word(2), ...word(8), ...word(1), ...word(1)],
    ...new TextEncoder().encode("shuffle\0"),
    ...[...long(4), ...long(0)], // an odd number of values is padded
    ...[...word(1), ...word(0), ...word(1), ...word(2), ...long(4), ...long(5)],
  ];
  assertEquals(read(first), [2, 1]);
  const second = [
    ...[2, 2],
    ...[...word(3), ...word(0), ...word(0)],
    ...[...word(32000), ...word(4), ...word(1), ...word(1)],
    ...new TextEncoder().encode("lzf\0"),
    ...long(4),
  ];
  assertEquals(read(second), [3, 32000]);
});

Deno.test("readFilters() refuses what it cannot undo", () => {
  const one = (id: number, value: number) => [
    ...[2, 1, ...word(id), ...word(0), ...word(1), ...long(value)],
  ];
  assertEquals(read(one(2, 4)), [2]);
  assertThrows(() => read(one(2, 8)), SyntaxError, "must be of 4 bytes");
  assertThrows(() => read(one(6, 1)), SyntaxError, "scaleoffset (6)");
  assertThrows(() => read([3, 0]), SyntaxError, "version 1 or 2");
  const twice = [2, 2, ...one(2, 4).slice(2), ...one(2, 4).slice(2)];
  assertThrows(() => read(twice), SyntaxError, "filters must be unique");
  assertThrows(() => read(one(2, 4).slice(0, -1)), SyntaxError, "complete");
  assertThrows(
    () => read([2, 0, ...one(2, 4).slice(2)]),
    SyntaxError,
    "there must be 0 filters",
  );
});
