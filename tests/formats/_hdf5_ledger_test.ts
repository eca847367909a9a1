import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { Hdf5Ledger } from "../../lib/formats/_hdf5_ledger.ts";

function ledgerOf(bytes: Uint8Array): Hdf5Ledger {
  return new Hdf5Ledger(bytesSource(bytes, "x.h5"));
}

Deno.test("Hdf5Ledger.read() and peek() give bytes that lie in the file", () => {
  const ledger = ledgerOf(Uint8Array.of(1, 2, 3, 4));
  assertEquals(ledger.read(0, 2, "the start").getUint16(0, true), 0x0201);
  assertEquals(ledger.peek(1, 2, "a part").getUint16(0, true), 0x0302);
  for (
    const [at, length] of [[3, 2], [-1, 1], [0.5, 1], [0, -1], [2 ** 60, 1]]
  ) {
    for (const call of ["read", "peek", "claim"] as const) {
      assertThrows(
        () => ledger[call](at!, length!, "a part"),
        SyntaxError,
        'Cannot read HDF5 "x.h5" as a part must lie in the file',
      );
    }
  }
});

Deno.test("Hdf5Ledger.settle() takes a file whose bytes are each one thing, or empty", () => {
  const ledger = ledgerOf(Uint8Array.of(1, 1, 0, 0, 2, 2, 0));
  ledger.claim(4, 2, "the end");
  ledger.claim(0, 2, "the start");
  ledger.claim(0, 0, "nothing");
  ledger.settle(7);
});

Deno.test("Hdf5Ledger refuses bytes that are two things", () => {
  const ledger = ledgerOf(new Uint8Array(9));
  ledger.claim(2, 3, "a tree");
  assertThrows(
    () => ledger.claim(2, 1, "a heap"),
    SyntaxError,
    "a heap must have its own bytes: current value is 2",
  );
  ledger.claim(4, 2, "names");
  assertThrows(
    () => ledger.settle(9),
    SyntaxError,
    'names must have its own bytes: current value is "a tree"',
  );
});

for (
  const [where, at] of [["before", 0], ["between", 3], ["after", 6]] as const
) {
  Deno.test(`Hdf5Ledger.settle() refuses bytes of nothing ${where} those of something`, () => {
    const bytes = new Uint8Array(8);
    bytes[at] = 7;
    const ledger = ledgerOf(bytes);
    ledger.claim(1, 2, "a tree");
    ledger.claim(4, 2, "a heap");
    const last = { before: "the start", between: "a tree", after: "a heap" };
    assertThrows(
      () => ledger.settle(8),
      SyntaxError,
      `as after ${last[where]}: current value is "byte ${at}"`,
    );
  });
}

Deno.test("Hdf5Ledger.settle() looks at every byte of a long gap", () => {
  const size = 3 * 2 ** 20 + 5;
  for (const at of [2 ** 20 - 1, 2 ** 20, size - 1]) {
    const bytes = new Uint8Array(size);
    bytes[at] = 1;
    assertThrows(
      () => ledgerOf(bytes).settle(size),
      SyntaxError,
      `"byte ${at}"`,
    );
  }
});

Deno.test("Hdf5Ledger.long() and address() read numbers that fit the file", () => {
  const ledger = ledgerOf(new Uint8Array(4));
  const view = new DataView(new ArrayBuffer(24));
  view.setBigUint64(0, 4n * 2n ** 20n, true);
  view.setBigUint64(8, 4n * 2n ** 20n + 1n, true);
  view.setBigUint64(16, 2n ** 64n - 1n, true);
  assertEquals(ledger.long(view, 0, "a size"), 4 * 2 ** 20);
  assertEquals(ledger.address(view, 0, "a tree"), 4 * 2 ** 20);
  assertEquals(ledger.address(view, 16, "a tree"), undefined);
  assertThrows(
    () => ledger.long(view, 8, "a size"),
    SyntaxError,
    "a size must lie in the file: current value is 4194305",
  );
  assertThrows(() => ledger.long(view, 16, "a size"), SyntaxError, "a size");
});
