import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource, fileSource } from "../../lib/formats/byte_source.ts";
import { fromNpy, npzArrays, readNpy } from "../../lib/formats/npy.ts";
import { buildZip } from "../support/build_zip.ts";

/** An .npy file by hand. */
function npy(
  header: string,
  values: ArrayBufferView<ArrayBuffer>,
  version = 1,
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`${header}\n`);
  const lengthBytes = version === 1 ? 2 : 4;
  const bytes = new Uint8Array(
    8 + lengthBytes + text.length + values.byteLength,
  );
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, 8 + lengthBytes);
  bytes.set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    8 + lengthBytes + text.length,
  );
  return bytes;
}

function header(descr: string, shape: string, isFortran = false): string {
  const order = isFortran ? "True" : "False";
  return `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
}

for (const version of [1, 2, 3]) {
  Deno.test(`fromNpy() reads version ${version}`, () => {
    const bytes = npy(header("<f4", "(2, 1)"), Float32Array.of(1, 2), version);
    const { data, shape, dtype } = fromNpy(bytes);
    assertEquals([[...data], shape, dtype], [[1, 2], [2, 1], "float32"]);
  });
}

Deno.test("fromNpy() reads big-endian values, scalars and empty arrays", () => {
  const big = npy(header(">i2", "(2,)"), Uint8Array.of(0, 1, 1, 0));
  assertEquals([...fromNpy(big).data], [1, 256]);
  const scalar = fromNpy(npy(header("<f8", "()"), Float64Array.of(0.5)));
  assertEquals([[...scalar.data], scalar.shape], [[0.5], []]);
  const empty = fromNpy(npy(header("<f4", "(0, 3)"), new Float32Array()));
  assertEquals([empty.data.length, empty.shape], [0, [0, 3]]);
  const bool = fromNpy(npy(header("|b1", "(2,)"), Uint8Array.of(1, 0)));
  assertEquals([[...bool.data], bool.dtype], [[1, 0], "bool"]);
});

Deno.test("fromNpy() brings Fortran order into rows", () => {
  // Columns (1, 2), (3, 4), (5, 6) of a matrix of two rows.
  const values = Int8Array.of(1, 2, 3, 4, 5, 6);
  const { data } = fromNpy(npy(header("|i1", "(2, 3)", true), values));
  assertEquals([...data], [1, 3, 5, 2, 4, 6]);
});

const ONE = Float32Array.of(1);
const REFUSED: Readonly<Record<string, [Uint8Array, string]>> = {
  "Python objects": [npy(header("|O", "(1,)"), ONE), "Python objects"],
  "records": [
    npy(
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
      ONE,
    ),
    "numbers",
  ],
  "complex numbers": [
    npy(header("<c8", "()"), Float32Array.of(1, 2)),
    "numbers",
  ],
  "text": [npy(header("<U1", "(1,)"), ONE), "numbers"],
  "too few values": [npy(header("<f4", "(2,)"), ONE), "8 bytes"],
  "too many values": [
    npy(header("<f4", "()"), Float32Array.of(1, 2)),
    "4 bytes",
  ],
  "an absurd shape": [
    npy(header("<f4", "(99999999999, 99999999999)"), ONE),
    "bytes of values",
  ],
  "another key": [
    npy(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 'y', }",
      ONE,
    ),
    "numbers",
  ],
  "another version": [npy(header("<f4", "(1,)"), ONE, 4), "begin as"],
  "other bytes": [new Uint8Array(40), "begin as"],
  "nothing": [new Uint8Array(), "begin as"],
};

for (const [what, [bytes, message]] of Object.entries(REFUSED)) {
  Deno.test(`fromNpy() refuses ${what}`, () => {
    assertThrows(() => fromNpy(bytes, "x.npy"), SyntaxError, message);
  });
}

Deno.test("npzArrays() reads what NumPy wrote", () => {
  const path = new URL("../data/keras_models/k3_mlp.npz", import.meta.url);
  const source = fileSource(path);
  const arrays = npzArrays(source);
  for (const open of arrays.values()) {
    const { data, dtype } = readNpy(open());
    assertEquals(dtype, "float32");
    assertEquals(data.every((value) => Number.isFinite(Number(value))), true);
  }
  assertEquals([...arrays.keys()].sort(), ["in0", "out0"]);
  source.close();
});

Deno.test("npzArrays() refuses other members, and wrong checksums", () => {
  const other = buildZip([{ name: "a.txt" }]);
  assertThrows(() => npzArrays(bytesSource(other, "x")), SyntaxError, "a.txt");
  const bytes = npy(header("<f4", "()"), ONE);
  const bad = buildZip([{ name: "a.npy", data: bytes, crc: 1 }]);
  const open = npzArrays(bytesSource(bad, "x")).get("a")!;
  assertThrows(open, SyntaxError, "checksum");
});
