import { assertEquals, assertThrows } from "@std/assert";
import { Cursor, Hdf5Bytes } from "../../lib/formats/_hdf5_bytes.ts";
import { readSpace, readType } from "../../lib/formats/_hdf5_types.ts";
import { bytesSource } from "../../lib/formats/byte_source.ts";

// Bytes are written down after the HDF5 File Format Specification, 3.0, IV.A.2.
const FILE = new Hdf5Bytes(bytesSource(new Uint8Array(64), "x.h5"));

const ZEROS = (count: number) => Array<number>(count).fill(0);
const NOWHERE = Array<number>(8).fill(0xff);

function cursor(...bytes: (number | number[])[]): Cursor {
  return new Cursor(Uint8Array.from(bytes.flat()), FILE, "a description");
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

Deno.test("readSpace() reads a shape of both versions, with and without largest sizes", () => {
  const shapeOf = (...bytes: (number | number[])[]) =>
    readSpace(FILE, cursor(...bytes));
  assertEquals(shapeOf(SPACE), { shape: [3, 4], most: [3, 4] });
  assertEquals(shapeOf(1, 0, 0, ZEROS(5)), { shape: [], most: [] });
  assertEquals(
    shapeOf(2, 2, 1, 1, num(5, 8), num(6, 8), NOWHERE, num(9, 8)),
    { shape: [5, 6], most: [Infinity, 9] },
  );
  assertEquals(shapeOf(2, 0, 0, 2).shape, [0]); // null
});

Deno.test("readSpace() refuses versions that are none, and shapes that are cut", () => {
  const refused = (rule: string, ...bytes: number[]) =>
    assertThrows(() => readSpace(FILE, cursor(bytes)), SyntaxError, rule);
  refused("shapes must be of version 1 or 2", 3, ...SPACE.slice(1));
  refused("complete", ...SPACE.slice(0, -1));
  refused("complete", 1, 2, 1, ...SPACE.slice(3));
  refused("must be sizes", 1, 1, 0, ...ZEROS(5), ...NOWHERE);
  refused("at most 32 axes", 1, 33, 0, ...ZEROS(5));
});

Deno.test("readType() knows machine numbers, strings and booleans", () => {
  const typeOf = (...bytes: number[]) => readType(FILE, cursor(bytes));
  const float = { size: 4, what: "floats", dtype: "float32" } as const;
  assertEquals(typeOf(...FLOAT_32), { ...float, isSwapped: false });
  const swapped = FLOAT_32.with(1, 0x21);
  assertEquals(typeOf(...swapped), { ...float, isSwapped: true });
  assertEquals(typeOf(...FLOAT_32.with(0, 0x31)).dtype, "float32");
  assertEquals(typeOf(...INT_16).dtype, "int16");
  assertEquals(typeOf(...INT_16.with(1, 0)).dtype, "uint16");
  const fixed = [0x13, 2, 0, 0, ...num(3, 4)];
  assertEquals(typeOf(...fixed), {
    size: 3,
    what: "strings",
    strings: "fixed",
    isSpaced: true,
  });
  assertEquals(typeOf(0x19, 1, 0, 0, ...num(16, 4)).strings, "any");
  assertEquals(typeOf(0x19, 0, 0, 0, ...num(16, 4)).strings, undefined);
  const names = [...new TextEncoder().encode("FALSE\0\0\0TRUE\0\0\0\0")];
  const byte = [0x10, 8, 0, 0, ...num(1, 4), ...num(0, 2), ...num(8, 2)];
  const enumeration = [0x18, 2, 0, 0, ...num(1, 4), ...byte, ...names];
  assertEquals(typeOf(...enumeration, 0, 1).dtype, "bool");
  assertEquals(typeOf(...enumeration, 1, 0).dtype, undefined);
});

for (
  const [name, type, dtype] of [
    ["float", FLOAT_32, "float32"],
    ["integer", INT_16, "int16"],
  ] as const
) {
  Deno.test(`readType() takes no ${name} with a bit changed for the same, save its order and version`, () => {
    for (let at = 0; at < type.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = [...type];
        bytes[at]! ^= 1 << bit;
        if ((at === 0 && bit > 3) || (at === 1 && bit === 0)) continue;
        let found;
        try {
          found = readType(FILE, cursor(bytes)).dtype;
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
        assertEquals(found === dtype, false, `bit ${bit} of byte ${at}`);
      }
    }
  });
}
