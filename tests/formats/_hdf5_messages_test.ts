import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { Hdf5Ledger } from "../../lib/formats/_hdf5_ledger.ts";
import {
  checkFilters,
  padded,
  readAttribute,
  readLayout,
  readSpace,
  readType,
} from "../../lib/formats/_hdf5_messages.ts";

// Bytes are written down after the HDF5 File Format Specification, 3.0, IV.A.2.
const LEDGER = new Hdf5Ledger(bytesSource(new Uint8Array(4096), "x.h5"));

const ZEROS = (count: number) => Array<number>(count).fill(0);
const NOWHERE = Array<number>(8).fill(0xff);

function view(...bytes: (number | number[])[]): DataView<ArrayBuffer> {
  return new DataView(Uint8Array.from(bytes.flat()).buffer);
}

/** A number in little-endian bytes. */
function num(value: number, size: number): number[] {
  return Array.from(
    { length: size },
    (_, i) => Math.floor(value / 256 ** i) % 256,
  );
}

const SPACE = [1, 2, 0, ...ZEROS(5), ...num(3, 8), ...num(4, 8)];
const FLOAT_32 = [
  ...[0x11, 0x20, 31, 0, ...num(4, 4)],
  ...[...num(0, 2), ...num(32, 2), 23, 8, 0, 23, ...num(127, 4)],
];
const INT_16 = [0x10, 8, 0, 0, ...num(2, 4), ...num(0, 2), ...num(16, 2)];
const TEXT_3 = [0x13, 0, 0, 0, ...num(3, 4)];
const LONG_TEXT = [0x19, 1, 0, 0, ...num(16, 4), ...TEXT_3];

Deno.test("readSpace() reads a shape of both versions, with and without largest sizes", () => {
  assertEquals(readSpace(LEDGER, view(SPACE)), [3, 4]);
  assertEquals(readSpace(LEDGER, view(1, 0, 0, ZEROS(5))), []);
  const second = view(2, 1, 1, 1, num(5, 8), NOWHERE);
  assertEquals(readSpace(LEDGER, second), [5]);
  assertEquals(readSpace(LEDGER, view(2, 0, 0, 2)), [0]); // null
});

Deno.test("readSpace() refuses versions that are none, and shapes that are cut", () => {
  const refused = (...bytes: number[]) =>
    assertThrows(() => readSpace(LEDGER, view(bytes)), SyntaxError).message;
  assertEquals(
    refused(3, ...SPACE.slice(1)),
    'Cannot read HDF5 "x.h5" as shapes must be of a known version: current value is 3',
  );
  refused(...SPACE.slice(0, -1));
  refused(1, 2, 1, ...SPACE.slice(3)); // largest sizes that are not there
  refused(1, 1, 0, ...ZEROS(5), ...NOWHERE);
});

Deno.test("readType() knows machine numbers and texts by their bytes", () => {
  const typeOf = (bytes: number[]) => readType(LEDGER, view(bytes));
  assertEquals(typeOf(FLOAT_32), { size: 4, isLongText: false });
  assertEquals(typeOf(INT_16), { size: 2, isLongText: false });
  assertEquals(typeOf(TEXT_3), { size: 3, isLongText: false });
  assertEquals(typeOf(LONG_TEXT), { size: 16, isLongText: true });
});

for (
  const [name, type] of [["float", FLOAT_32], ["integer", INT_16]] as const
) {
  Deno.test(`readType() refuses a ${name} with any bit changed, save its sign`, () => {
    for (let at = 0; at < type.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = [...type];
        bytes[at]! ^= 1 << bit;
        const isKind = at === 0 && bit < 4; // then it is no such number
        const isSign = name === "integer" && at === 1 && bit === 3;
        if (isKind || isSign) continue;
        assertThrows(
          () => readType(LEDGER, view(bytes)),
          SyntaxError,
          "numbers must be of a machine's type",
        );
      }
    }
    assertThrows(() => readType(LEDGER, view([...type], 1)), SyntaxError);
  });
}

Deno.test("readLayout() says where values lie", () => {
  const layoutOf = (...bytes: (number | number[])[]) =>
    readLayout(LEDGER, view(...bytes));
  assertEquals(layoutOf(3, 0, 2, 0, 9, 9), { kind: "inside" });
  assertEquals(
    layoutOf(3, 1, num(2048, 8), num(48, 8)),
    { kind: "whole", at: 2048, length: 48 },
  );
  assertEquals(
    layoutOf(3, 1, NOWHERE, num(48, 8)),
    { kind: "whole", at: undefined, length: 48 },
  );
  assertEquals(
    layoutOf(3, 2, 3, num(1072, 8), [2, 5, 4].map((n) => num(n, 4)).flat()),
    { kind: "chunks", index: 1072, sizes: [2, 5, 4] },
  );
});

Deno.test("readLayout() refuses layouts that are not known or are cut", () => {
  for (
    const [rule, ...bytes] of [
      ["of version 3: current value is 4", 4, 1, ...ZEROS(16)],
      ["of a known kind: current value is 3", 3, 3, ...ZEROS(16)],
      ["must be whole: current value is 3", 3, 2, 3, ...ZEROS(16)],
      ["values must lie in the file", 3, 1, ...num(2 ** 50, 8), ...ZEROS(8)],
    ] as const
  ) {
    assertThrows(
      () => readLayout(LEDGER, view(bytes as number[])),
      SyntaxError,
      rule,
    );
  }
});

/** A filter: number, values that it takes, and a name. */
function filter(id: number, values: number[], name = ""): number[] {
  const letters = [...new TextEncoder().encode(name)];
  return [
    ...[...num(id, 2), ...num(letters.length, 2), ...num(1, 2)],
    ...num(values.length, 2),
    ...[...letters, ...ZEROS(padded(letters.length) - letters.length)],
    ...values.flatMap((value) => num(value, 4)),
    ...ZEROS(4 * (values.length % 2)),
  ];
}

function filtersOf(...filters: number[][]): DataView<ArrayBuffer> {
  return view(1, filters.length, ZEROS(6), filters.flat());
}

const DEFLATE = filter(1, [4], "deflate");
const SHUFFLE = filter(2, [4], "shuffle");
const CHECKSUM = filter(3, []);

Deno.test("checkFilters() takes shuffle, deflate and checksum in this order", () => {
  checkFilters(LEDGER, filtersOf(SHUFFLE, DEFLATE, CHECKSUM), 4);
  checkFilters(LEDGER, filtersOf(DEFLATE), 4);
  checkFilters(LEDGER, filtersOf(CHECKSUM), 4);
  checkFilters(LEDGER, filtersOf(), 4);
});

Deno.test("checkFilters() refuses others, another order, and what is cut", () => {
  const refused = (rule: string, message: DataView, size = 4) =>
    assertThrows(() => checkFilters(LEDGER, message, size), SyntaxError, rule);
  refused("known, and in order", filtersOf(filter(32000, [], "lzf")));
  refused("known, and in order", filtersOf(DEFLATE, SHUFFLE));
  refused("known, and in order", filtersOf(DEFLATE, DEFLATE));
  refused("those of an element: current value is 4", filtersOf(SHUFFLE), 8);
  refused("be of version 1", view(2, 0, ZEROS(6)));
  refused("must be whole", view(1, 2, ZEROS(6), DEFLATE));
  refused("must be whole", view(1, 1, ZEROS(6), DEFLATE.slice(0, -4)));
  refused("must be all", view(1, 1, ZEROS(6), SHUFFLE, DEFLATE));
});

/** An attribute of version 1, whose parts are padded to eight bytes. */
function attribute(type: number[], space: number[], data: number[], rest = 0) {
  const part = (bytes: number[]) => [
    ...bytes,
    ...ZEROS(padded(bytes.length) - bytes.length),
  ];
  const name = [0x6e, 0]; // "n"
  return view(
    [1, 0, ...num(name.length, 2), ...num(type.length, 2)],
    num(space.length, 2),
    [...part(name), ...part(type), ...part(space), ...data, ...ZEROS(rest)],
  );
}

const SCALAR = [1, 0, 0, ...ZEROS(5)];

Deno.test("readAttribute() says where long texts stand, and of others nothing", () => {
  const place = [...num(5, 4), ...num(2048, 8), ...num(3, 4)];
  assertEquals(readAttribute(LEDGER, attribute(LONG_TEXT, SCALAR, place)), [
    { length: 5, heap: 2048, index: 3 },
  ]);
  const two = [1, 1, 0, ...ZEROS(5), ...num(2, 8)];
  const found = readAttribute(
    LEDGER,
    attribute(LONG_TEXT, two, [...place, ...place]),
  );
  assertEquals(found.length, 2);
  assertEquals(
    readAttribute(LEDGER, attribute(TEXT_3, SCALAR, [1, 2, 3], 5)),
    [],
  );
  const third = view(
    [3, 0, ...num(2, 2), ...num(TEXT_3.length, 2), ...num(8, 2), 0],
    [0x6e, 0, ...TEXT_3, ...SCALAR, 1, 2, 3],
  );
  assertEquals(readAttribute(LEDGER, third), []);
});

Deno.test("readAttribute() refuses what is cut, too long, or of another version", () => {
  const refused = (rule: string, message: DataView<ArrayBuffer>) =>
    assertThrows(() => readAttribute(LEDGER, message), SyntaxError, rule);
  const good = attribute(TEXT_3, SCALAR, [1, 2, 3], 5);
  refused("as many bytes", attribute(TEXT_3, SCALAR, [1, 2]));
  refused("as many bytes", attribute(TEXT_3, SCALAR, [1, 2, 3], 8));
  refused("as many bytes", attribute(TEXT_3, SCALAR, [1, 2, 3, 4]));
  refused("be whole", attribute([], SCALAR, [1, 2, 3]));
  refused("be whole", new DataView(good.buffer, 0, 28));
  good.setUint8(0, 4);
  refused("known version: current value is 4", good);
});

Deno.test("padded() goes up to the next multiple of eight", () => {
  assertEquals([0, 1, 8, 9].map(padded), [0, 8, 8, 16]);
});
