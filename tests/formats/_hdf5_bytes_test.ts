import { assertEquals, assertThrows } from "@std/assert";
import { Cursor, Hdf5Bytes, padded } from "../../lib/formats/_hdf5_bytes.ts";
import { bytesSource } from "../../lib/formats/byte_source.ts";

function fileOf(bytes: Uint8Array): Hdf5Bytes {
  return new Hdf5Bytes(bytesSource(bytes, "x.h5"));
}

const TEXT = new TextEncoder();

Deno.test("Hdf5Bytes reads bytes that lie in the file, over pages too", () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => i * 31);
  const file = fileOf(bytes);
  for (const [at, length] of [[0, 2], [16_380, 10], [1, 39_999], [39_990, 9]]) {
    const found = file.peek(at!, length!, "a block").bytes;
    assertEquals(found, bytes.slice(at, at! + length!));
    assertEquals(file.values(at!, length!, "values"), found);
  }
  for (
    const [at, length] of [[39_999, 2], [-1, 1], [0.5, 1], [0, -1], [
      2 ** 60,
      1,
    ]]
  ) {
    for (const call of ["read", "peek", "claim", "values"] as const) {
      assertThrows(
        () => file[call](at!, length!, "a block"),
        SyntaxError,
        'Cannot read HDF5 "x.h5" as a block must lie in the file',
      );
    }
  }
});

Deno.test("Hdf5Bytes.block() asks for letters and a checksum", () => {
  // Bob Jenkins' own example: hashlittle() of this with 0 is 17770551.
  const bytes = Uint8Array.from([
    ...TEXT.encode("Four score and seven years ago"),
    ...[0x51, 0x05, 0x77, 0x17],
  ]);
  assertEquals(fileOf(bytes).block(0, 34, "Four").text(6), " score");
  assertThrows(
    () => fileOf(bytes).block(0, 34, "Five"),
    SyntaxError,
    '"Five" must be at 0: current value is "Four"',
  );
  bytes[9]! ^= 1;
  assertThrows(
    () => fileOf(bytes).block(0, 34, "Four"),
    SyntaxError,
    "checksum",
  );
  fileOf(bytes).block(0, 34, "Four", null);
});

Deno.test("Hdf5Bytes refuses bytes that are two things", () => {
  const file = fileOf(new Uint8Array(9));
  file.claim(2, 3, "a tree");
  assertThrows(
    () => file.claim(2, 1, "a heap"),
    SyntaxError,
    "a heap must not share bytes with another: current value is 2",
  );
  file.claim(4, 2, "names");
  assertThrows(
    () => file.settle(true),
    SyntaxError,
    'names must not share bytes with another: current value is "a tree"',
  );
});

/** Structure up to 8, values from `from` on, and bytes that nothing refers to. */
function settled(
  from: number,
  nonZero: readonly number[],
  left = "",
): () => void {
  const bytes = new Uint8Array(64);
  for (const at of [0, ...nonZero]) bytes[at] = 7;
  bytes.set(TEXT.encode(left), 48);
  const file = fileOf(bytes);
  file.claim(0, 8, "the start");
  file.claim(from, 8, "the values", true);
  return () => file.settle(false);
}

Deno.test("Hdf5Bytes.settle() takes values behind something else, whatever is left after them", () => {
  settled(8, [8, 9])();
  settled(8, [8, 9, 20, 21])();
});

Deno.test("Hdf5Bytes.settle() takes values after an empty gap", () => {
  settled(16, [16])();
  settled(16, [])();
});

Deno.test("Hdf5Bytes.settle() refuses values that a damaged address leads to", () => {
  const refused = (run: () => void) =>
    assertThrows(run, SyntaxError, "the values must follow something else");
  refused(settled(9, [8, 9, 15])); // too late by one byte
  refused(settled(12, [13, 20])); // too early: the rest is left after them
  refused(settled(40, [8, 9])); // among zeros, while values are left elsewhere
});

for (const left of ["TREE", "HEAP", "OHDR"]) {
  Deno.test(`Hdf5Bytes.settle() takes them where HDF5 deleted something: ${left}`, () => {
    settled(9, [8, 9, 15], left)();
    settled(12, [13, 20], left)();
    settled(40, [8, 9], left)();
  });
}

Deno.test("Hdf5Bytes.settle() leaves it to checksums where there are any", () => {
  const bytes = new Uint8Array(32).fill(1);
  const file = fileOf(bytes);
  file.claim(9, 8, "the values", true);
  file.settle(true);
  assertThrows(() => file.settle(false), SyntaxError, "must follow");
});

Deno.test("Cursor reads fields one after the other", () => {
  const bytes = Uint8Array.from([
    ...[1, 2, 3, 4, 5, 6, 7],
    ...[0, 0, 1, 0, 0, 0, 0, 0],
    ...Array<number>(8).fill(0xff),
    ...TEXT.encode("ab\0c"),
    ...[9, 8, 7],
  ]);
  const cursor = new Cursor(bytes, fileOf(bytes), "a test");
  assertEquals(cursor.u8(), 1);
  assertEquals(cursor.u16(), 0x0302);
  assertEquals(cursor.u32(), 0x07060504);
  assertEquals(cursor.u64(), 65536);
  assertEquals(cursor.address(), undefined);
  assertEquals(cursor.text(4), "ab");
  assertEquals(cursor.left, 3);
  assertEquals(cursor.sub(2).u16(), 0x0809);
  assertEquals([...cursor.take(1)], [7]);
  assertEquals(cursor.fresh().skip(6).u8(), 7);
  assertThrows(() => cursor.u8(), SyntaxError, "a test must be complete");
  assertThrows(
    () => cursor.fresh().skip(15).u64(),
    SyntaxError,
    "numbers in a test must be sizes",
  );
  assertThrows(
    () => cursor.fresh().skip(15).required("a tree"),
    SyntaxError,
    "a tree must be stored",
  );
});

Deno.test("padded() goes up to the next multiple of eight", () => {
  assertEquals([0, 1, 8, 9].map(padded), [0, 8, 8, 16]);
});
