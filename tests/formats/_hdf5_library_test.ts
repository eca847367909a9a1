import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Hdf5Library } from "../../lib/formats/_hdf5_library.ts";
import { type ByteSource, bytesSource } from "../../lib/formats/byte_source.ts";

const FOLDER = new URL("../data/hdf5/", import.meta.url);
const LETTERS = new TextEncoder();

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`${name}.h5`, FOLDER));
}

function source(name: string): ByteSource {
  return bytesSource(bytesOf(name), `${name}.h5`);
}

/** Where letters stand in bytes. */
function find(bytes: Uint8Array, letters: string): number {
  const wanted = LETTERS.encode(letters);
  return bytes.findIndex((_, at) =>
    wanted.every((b, i) => bytes[at + i] === b)
  );
}

Deno.test("Hdf5Library.values() gives bytes, also of compressed datasets", async () => {
  const types = await Hdf5Library.open(source("types"));
  assertEquals([...types.values("/u2", 6, 2)], [1, 0, 2, 0, 3, 0]);
  types.close();
  const filters = await Hdf5Library.open(source("filters"));
  const { buffer } = filters.values("/gzip", 48, 2);
  assertEquals(
    [...new Float32Array(buffer)],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
  filters.close();
});

Deno.test("Hdf5Library.values() refuses more than the library can hold", async () => {
  const library = await Hdf5Library.open(source("types"));
  assertThrows(
    () => library.values("/u2", 2 ** 40, 2),
    SyntaxError,
    "must fit the library's memory: current value is 1099511627776",
  );
  assertEquals([...library.values("/u1", 3, 2)], [1, 2, 3]);
  library.close();
});

Deno.test("Hdf5Library.firstReads() says where the values begin", async () => {
  const bytes = bytesOf("types");
  const library = await Hdf5Library.open(bytesSource(bytes, "types.h5"));
  const [at, length] = library.firstReads("/u8", 2).at(-1)!;
  const view = new DataView(bytes.buffer);
  assertEquals(length >= 8, true);
  assertEquals(
    [0, 8, 16].map((offset) => view.getBigUint64(at + offset, true)),
    [1n, 2n, 3n],
  );
  const [scalar] = library.firstReads("/scalar", 0).at(-1)!;
  assertEquals(view.getFloat32(scalar, true), 2.5);
  library.close();
});

Deno.test("Hdf5Library.texts() reads attributes, and refuses numbers", async () => {
  const library = await Hdf5Library.open(source("types"));
  assertEquals(library.texts("", "fixed"), ["one", "three"]);
  assertEquals(library.texts("", "list"), ["a", "bb"]);
  assertEquals(library.texts("bfloat16", "dtype"), ["bfloat16"]);
  assertEquals(library.texts("bfloat16", "list"), undefined);
  assertThrows(
    () => library.texts("", "number"),
    SyntaxError,
    'attribute "number" of "/" must be text',
  );
  library.close();
});

Deno.test("Hdf5Library.texts() refuses a heap that would hold it for ever", async () => {
  const bytes = bytesOf("types");
  const heap = find(bytes, "GCOL");
  bytes.fill(0, heap + 16, heap + 32); // the first text: a gap of no size
  const library = await Hdf5Library.open(bytesSource(bytes, "gap.h5"));
  assertThrows(
    () => library.texts("", "list"),
    SyntaxError,
    `Cannot read HDF5 "gap.h5" as its texts must lie in their heap: current value is "byte ${
      heap + 16
    }"`,
  );
  library.close();
});

Deno.test("Hdf5Library.run() words what the library throws, and goes on", async () => {
  const library = await Hdf5Library.open(source("types"));
  for (let i = 0; i < 3; i++) {
    assertThrows(
      () => library.run((module, id) => module.get_names(id, "/absent", false)),
      SyntaxError,
      'Cannot read HDF5 "types.h5" as it must be whole and sound',
    );
  }
  const names = library.run((module, id) => module.get_names(id, "/", false));
  assertEquals(names.includes("scalar"), true);
  library.close();
});

Deno.test("Hdf5Library can be closed twice, and not be used then", async () => {
  const one = await Hdf5Library.open(source("types"));
  const other = await Hdf5Library.open(source("types"));
  one.close();
  one.close();
  for (
    const use of [
      () => one.checkOpen(),
      () => one.run(() => 0),
      () => one.texts("", "list"),
      () => one.values("/u1", 3, 2),
    ]
  ) {
    assertThrows(use, TypeError, 'read "types.h5" as it must be open');
  }
  assertEquals([...other.values("/u1", 3, 2)], [1, 2, 3]);
  other.close();
});

Deno.test("Hdf5Library.open() refuses what is no HDF5", async () => {
  const bytes = bytesSource(LETTERS.encode("not HDF5 at all"), "plain.txt");
  await assertRejects(
    () => Hdf5Library.open(bytes),
    SyntaxError,
    'Cannot read HDF5 "plain.txt"',
  );
});
