import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import {
  fromSafetensors,
  readSafetensor,
  readSafetensorsHeader,
  toSafetensors,
} from "../../lib/formats/safetensors.ts";
import {
  sizeOfType,
  type StoredArray,
  type StoredType,
  valuesOf,
} from "../../lib/formats/stored_array.ts";

/** A file by hand. */
function file(header: string, numBytes: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + numBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const TYPES: readonly StoredType[] = [
  ...["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32"] as const,
  ...["int64", "uint64", "float16", "bfloat16", "float32", "float64"] as const,
];

/** Three values of each type, with the bytes 0, 1, 0, 1, … */
const ALL = new Map<string, StoredArray>(TYPES.map((dtype) => {
  const bytes = Uint8Array.from(
    { length: 3 * sizeOfType(dtype) },
    (_, i) => i % 2,
  );
  return [`a/${dtype}:1`, { data: valuesOf(bytes, dtype), shape: [3], dtype }];
}));

Deno.test("fromSafetensors() reads a file written by hand", () => {
  const header = `{"__metadata__":{"by":"hand"},` +
    `"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}} `;
  const bytes = file(header, 8);
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, 0.5, true);
  const { arrays, metadata } = fromSafetensors(bytes);
  const { data, shape, dtype } = arrays.get("x")!;
  assertEquals([[...data], shape, dtype], [[0, 0.5], [2, 1], "float32"]);
  assertEquals(metadata, { by: "hand" });
  const none = fromSafetensors(file('{"__metadata__":null}', 0));
  assertEquals(none, { arrays: new Map(), metadata: {} });
});

Deno.test("toSafetensors() gives every type back, and strings", () => {
  const written = { "sonde.settings": '{"layers": ["é"]}' };
  const { arrays, metadata } = fromSafetensors(toSafetensors(ALL, written));
  assertEquals(new Set(arrays.keys()), new Set(ALL.keys()));
  for (const [name, array] of ALL) assertEquals(arrays.get(name), array);
  assertEquals(metadata, written);
});

Deno.test("toSafetensors() aligns every element to its size", () => {
  const source = bytesSource(toSafetensors(ALL), "x");
  for (
    const { start, dtype } of readSafetensorsHeader(source).entries.values()
  ) {
    assertEquals(start % sizeOfType(dtype), 0);
  }
});

Deno.test("toSafetensors() writes scalars, empty arrays, and nothing", () => {
  const scalar = { data: Float64Array.of(2), shape: [], dtype: "float64" };
  const empty = { data: new Int32Array(), shape: [0, 5], dtype: "int32" };
  const both = new Map(
    [["s", scalar], ["e", empty]] as [string, StoredArray][],
  );
  assertEquals(fromSafetensors(toSafetensors(both)).arrays, both);
  assertEquals(fromSafetensors(toSafetensors(new Map())).arrays.size, 0);
});

Deno.test("readSafetensor() reads some rows", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const array: StoredArray = { data, shape: [3, 2], dtype: "float32" };
  const source = bytesSource(toSafetensors(new Map([["x", array]])), "x");
  const entry = readSafetensorsHeader(source).entries.get("x")!;
  const rows = readSafetensor(source, entry, { start: 1, end: 3 });
  assertEquals([[...rows.data], rows.shape], [[3, 4, 5, 6], [2, 2]]);
});

Deno.test("toSafetensors() refuses names and sizes that do not come back", () => {
  const array: StoredArray = {
    data: Float32Array.of(1),
    shape: [2],
    dtype: "float32",
  };
  const write = (name: string) => toSafetensors(new Map([[name, array]]));
  assertThrows(() => write("x"), RangeError, "8 bytes");
  for (const name of ["__metadata__", "constructor"]) {
    assertThrows(() => write(name), RangeError, name);
  }
});

const X = (offsets: string, more = "") =>
  `{"x":{"dtype":"F32","shape":[1],"data_offsets":${offsets}}${more}}`;
const REFUSED: Readonly<Record<string, [Uint8Array, string]>> = {
  "nothing": [new Uint8Array(), "at least 8 bytes"],
  "other bytes": [new Uint8Array(64).fill(0xff), "at most 100000000 bytes"],
  "a cut header": [file(X("[0,4]"), 0).subarray(0, 20), "is it cut"],
  "cut values": [file(X("[0,4]"), 3), "is it cut"],
  "bytes behind the values": [file(X("[0,4]"), 5), "current value is"],
  "a hole": [file(X("[4,8]"), 8), "offset 0"],
  "arrays that overlap": [
    file(
      X("[0,4]", `,"y":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}`),
      8,
    ),
    "offset 4",
  ],
  "offsets that are not of the shape": [file(X("[0,8]"), 8), "4 bytes"],
  "offsets that run backwards": [file(X("[4,0]"), 4), "4 bytes"],
  "three offsets": [file(X("[0,4,4]"), 4), "two offsets"],
  "a name that stands twice": [
    file(
      X("[0,4]", `,"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}`),
      8,
    ),
    "must be unique",
  ],
  "an unknown type": [
    file(`{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, 1),
    "F8_E4M3",
  ],
  "a negative size": [
    file(`{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4),
    "whole numbers",
  ],
  "an absurd shape": [
    file(`{"x":{"dtype":"U8","shape":[9e15,9e15],"data_offsets":[0,4]}}`, 4),
    "bytes of its shape",
  ],
  "an array that is none": [file(`{"x":3}`, 0), "must be of one of"],
  "a header that is no object": [file("[]", 0), "must be a JSON object"],
  "a header that is no JSON": [file("{x", 0), "there must be a key"],
  "metadata that is no string": [
    file(`{"__metadata__":{"n":1}}`, 0),
    "must be a string",
  ],
};

for (const [what, [bytes, message]] of Object.entries(REFUSED)) {
  Deno.test(`fromSafetensors() refuses ${what}`, () => {
    assertThrows(() => fromSafetensors(bytes, "x.st"), SyntaxError, message);
  });
}
