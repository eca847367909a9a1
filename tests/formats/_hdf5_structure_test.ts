import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { readStructure } from "../../lib/formats/_hdf5_structure.ts";

const FOLDER = new URL("../data/hdf5/", import.meta.url);
const ROOT_ENTRY = 56; // after a superblock of version 0 and its addresses

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`${name}.h5`, FOLDER));
}

function structureOf(bytes: Uint8Array) {
  return readStructure(bytesSource(bytes, "x.h5"));
}

/** Where letters first stand. */
function find(bytes: Uint8Array, letters: string): number {
  return new TextDecoder("latin1").decode(bytes).indexOf(letters);
}

Deno.test("readStructure() finds groups, datasets, and where their values lie", () => {
  const bytes = bytesOf("types");
  const { datasets, groups } = structureOf(bytes)!;
  assertEquals([...groups], [""]);
  assertEquals(
    [...datasets.keys()].join(" "),
    "bfloat16 bool empty f2 f4 f8 i1 i2 i4 i8 scalar u1 u2 u4 u8",
  );
  const view = new DataView(bytes.buffer);
  const { shape, size, at } = datasets.get("f8")!;
  assertEquals([shape, size], [[1, 3], 8]);
  assertEquals(
    [0, 8, 16].map((i) => view.getFloat64(at! + i, true)),
    [1, 2, 3],
  );
  assertEquals(datasets.get("scalar")!.shape, []);
  assertEquals(view.getFloat32(datasets.get("scalar")!.at!, true), 2.5);
  assertEquals(datasets.get("empty"), {
    shape: [0, 3],
    size: 4,
    at: undefined,
  });
});

Deno.test("readStructure() finds values in chunks, and groups within groups", () => {
  const { datasets } = structureOf(bytesOf("filters"))!;
  const chunked = { shape: [3, 4], size: 4, at: undefined };
  assertEquals([...datasets], [["chunks", chunked], ["gzip", chunked]]);
  const model = Deno.readFileSync(
    new URL("../keras_models/k3_mlp.h5", FOLDER),
  );
  const { groups } = structureOf(model)!;
  assert(
    groups.has("model_weights/dense/sequential/dense"),
    [...groups].join(),
  );
});

Deno.test("readStructure() leaves files with checksums to the library", () => {
  assertEquals(structureOf(bytesOf("latest")), undefined);
});

for (
  const [name, rule] of [
    ["shared", 'the header of "values" must have its own bytes'],
    ["cycle", 'the header of "group/again" must have its own bytes'],
    ["no_chunk_stored", '"values" must have 64 chunks: current value is 0'],
    ["deep", "groups must not nest so deep"],
    ["lzf", "filters must be known, and in order: current value is 32000"],
    ["big_endian", "numbers must be of a machine's type"],
  ] as const
) {
  Deno.test(`readStructure() refuses ${name}.h5`, () => {
    assertThrows(() => structureOf(bytesOf(name)), SyntaxError, rule);
  });
}

type Change = (bytes: Uint8Array, view: DataView) => void;

/** What a byte or two do to types.h5, and the rule that this breaks. */
const DAMAGED: Readonly<Record<string, readonly [Change, string]>> = {
  "an end that is not the file's": [
    (_, view) => view.setBigUint64(40, 12280n, true),
    "it must have 12280 bytes, as it says: current value is 12288",
  ],
  "a base in the file": [
    (_, view) => view.setBigUint64(24, 8n, true),
    "it must be one file",
  ],
  "short addresses": [
    (_, view) => view.setUint8(13, 4),
    "the superblock must be known: current value is 4",
  ],
  "two lists of members": [
    (_, view) => view.setBigUint64(ROOT_ENTRY + 24, 800n, true),
    '"" must have one list of its members',
  ],
  "a tree that leads to itself": [
    (bytes, view) => {
      const tree = find(bytes, "TREE");
      view.setUint8(tree + 5, 1); // above another tree
      view.setBigUint64(tree + 32, BigInt(tree), true);
    },
    "a tree must have its own bytes",
  ],
  "members that are no such list": [
    (bytes) => bytes.fill(0, find(bytes, "SNOD"), find(bytes, "SNOD") + 4),
    '"SNOD" must stand',
  ],
  "one member less": [
    (bytes, view) => {
      const list = find(bytes, "SNOD");
      view.setUint16(list + 6, view.getUint16(list + 6, true) - 1, true);
    },
    "names in",
  ],
  "more members than a list holds": [
    (bytes, view) => view.setUint16(find(bytes, "SNOD") + 6, 99, true),
    "members must fit their place: current value is 99",
  ],
  "names out of order": [
    (bytes, view) => {
      const entry = find(bytes, "SNOD") + 8;
      const name = view.getBigUint64(entry, true);
      view.setBigUint64(entry, view.getBigUint64(entry + 40, true), true);
      view.setBigUint64(entry + 40, name, true);
    },
    "must be in order",
  ],
  "one name of two members": [
    (bytes, view) => {
      const entry = find(bytes, "SNOD") + 8;
      view.setBigUint64(entry + 40, view.getBigUint64(entry, true), true);
    },
    "each name must have its place",
  ],
  "a header of two members": [
    (bytes, view) => {
      const entry = find(bytes, "SNOD") + 8;
      view.setBigUint64(entry + 48, view.getBigUint64(entry + 8, true), true);
    },
    "must have its own bytes",
  ],
  "one message less": [
    (_, view) => {
      const header = Number(view.getBigUint64(ROOT_ENTRY + 8, true));
      view.setUint16(header + 2, view.getUint16(header + 2, true) - 1, true);
    },
    'the header of "" must have',
  ],
  "a heap of texts that is none": [
    (bytes) => bytes.fill(0, find(bytes, "GCOL"), find(bytes, "GCOL") + 4),
    '"GCOL" must stand',
  ],
  "a text of another length": [
    (bytes, view) => {
      const first = find(bytes, "GCOL") + 16;
      view.setBigUint64(
        first + 8,
        view.getBigUint64(first + 8, true) - 1n,
        true,
      );
    },
    "texts must be as long as said",
  ],
};

for (const [what, [change, rule]] of Object.entries(DAMAGED)) {
  Deno.test(`readStructure() refuses ${what}`, () => {
    const bytes = bytesOf("types");
    change(bytes, new DataView(bytes.buffer));
    assertThrows(() => structureOf(bytes), SyntaxError, rule);
  });
}

Deno.test("readStructure() refuses files that are cut, or go on", () => {
  const bytes = bytesOf("types");
  for (let size = 0; size < bytes.length; size += 61) {
    assertThrows(() => structureOf(bytes.slice(0, size)), SyntaxError, "x.h5");
  }
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assertThrows(() => structureOf(longer), SyntaxError, "must have 12288 bytes");
});

Deno.test("readStructure() gives an error or the same of a file with any byte inverted, names aside", () => {
  const bytes = bytesOf("filters");
  const shown = () => {
    const { datasets = [] } = structureOf(bytes) ?? {};
    return [...datasets].map(([, dataset]) => JSON.stringify(dataset)).join();
  };
  const expected = shown();
  let numRefused = 0;
  for (let at = 9; at < bytes.length; at++) {
    bytes[at]! ^= 0xff;
    try {
      assertEquals(shown(), expected, `byte ${at}`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      numRefused++;
    }
    bytes[at]! ^= 0xff;
  }
  assert(numRefused > 1000, `${numRefused} of ${bytes.length}`);
});
