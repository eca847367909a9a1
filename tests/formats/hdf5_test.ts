import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ByteSource, bytesSource } from "../../lib/formats/byte_source.ts";
import { Hdf5File } from "../../lib/formats/hdf5.ts";
import { isHdf5 } from "../../lib/formats/hdf5_header.ts";
import { RUNS_ALL } from "../support/extent.ts";

const FOLDER = new URL("../data/hdf5/", import.meta.url);
const CHANGED = new URL("../data/hdf5_changed/", import.meta.url);

type Bytes = Uint8Array<ArrayBuffer>;

function bytesOf(name: string, folder = FOLDER): Bytes {
  return Deno.readFileSync(new URL(`${name}.h5`, folder));
}

function source(name: string, folder = FOLDER): ByteSource {
  return bytesSource(bytesOf(name, folder), `${name}.h5`);
}

function opened(bytes: Bytes): Hdf5File {
  return Hdf5File.open(bytesSource(bytes, "x.h5"));
}

/** All that can be read of a file, as text. */
function contents({ datasets, groups }: Hdf5File): string {
  const values = [...datasets.values()].map(({ path, shape, dtype, read }) =>
    [path, shape.join(), dtype, ...read().data].join(" ")
  );
  return [...values, ...groups].sort().join("\n");
}

Deno.test("Hdf5File reads every type that weights have", () => {
  const file = Hdf5File.open(source("types"));
  const read = (path: string): unknown[] => {
    const { data, shape, dtype } = file.datasets.get(path)!.read();
    return [[...data].map(Number), shape, dtype];
  };
  const types = {
    f2: "float16",
    f4: "float32",
    f8: "float64",
    i1: "int8",
    u1: "uint8",
    i2: "int16",
    u2: "uint16",
    i4: "int32",
    u4: "uint32",
    i8: "int64",
    u8: "uint64",
  };
  for (const [path, dtype] of Object.entries(types)) {
    assertEquals(read(path), [[1, 2, 3], [1, 3], dtype]);
  }
  assertEquals(read("bool"), [[1, 0], [2], "bool"]);
  assertEquals(read("scalar"), [[2.5], [], "float32"]);
  assertEquals(read("empty"), [[], [0, 3], "float32"]);
  assertEquals(read("bfloat16"), [[0x3f80, 0xc000], [2], "bfloat16"]);
  file.close();
});

Deno.test("Hdf5File.strings() reads a string, lists and nothing", () => {
  const file = Hdf5File.open(source("types"));
  for (let i = 0; i < 2; i++) {
    assertEquals(file.strings("", "text"), ["größe"]);
    assertEquals(file.strings("", "fixed"), ["one", "three"]);
    assertEquals(file.strings("", "list"), ["a", "bb"]);
  }
  assertEquals(file.strings("", "none"), []);
  assertEquals(file.strings("", "absent"), undefined);
  assertEquals(file.strings("bfloat16", "dtype"), ["bfloat16"]);
  assertThrows(() => file.strings("", "number"), SyntaxError, "must be text");
  assertThrows(() => file.strings("no", "x"), SyntaxError, 'must hold "no"');
  file.close();
});

// Every dataset of these files counts from 0, save some noise.
const COUNTED: Readonly<Record<string, number>> = {
  filters: 15,
  indexes: 11,
  "indexes_v110": 11,
  "old_index": 1,
  layouts: 7,
  latest: 41,
  ordered: 3,
};

for (const [name, count] of Object.entries(COUNTED)) {
  Deno.test(`Hdf5File reads every dataset of ${name}.h5`, () => {
    const file = Hdf5File.open(source(name));
    assertEquals([...file.unreadable.values()], []);
    assertEquals(file.datasets.size, count);
    for (const { path, shape, read } of file.datasets.values()) {
      const values = [...read().data].map(Number);
      if (path === "noise/lzf") values.sort((a, b) => a - b);
      const size = shape.reduce((product, n) => product * n, 1);
      assertEquals(values, Array.from({ length: size }, (_, i) => i), path);
    }
    file.close();
  });
}

Deno.test("Hdf5File finds members and attributes that lie in heaps", () => {
  const file = Hdf5File.open(source("latest"));
  assertEquals([...file.groups].sort(), ["", "empty", "group", "many"]);
  for (let i = 0; i < 12; i++) {
    assertEquals(file.strings("many", `attribute${i}`), [`value ${i}`]);
  }
  assertEquals(file.strings("many", "long"), ["x".repeat(5000)]);
  assertEquals(file.strings("group/values", "name"), ["text"]);
  file.close();
});

Deno.test("Hdf5File follows links within the file", () => {
  const file = Hdf5File.open(source("layouts"));
  assertEquals([...file.datasets.keys()].sort(), [
    ...["big_endian", "compact", "group/hard", "group/near", "group/soft"],
    ...["named_type", "through"],
  ]);
  for (const path of ["group/hard", "group/near"]) {
    assertEquals(file.datasets.get(path)!.dtype, "float32");
  }
  for (const path of ["group/soft", "through"]) {
    assertEquals(file.datasets.get(path)!.dtype, "int16");
  }
  file.close();
});

for (const name of ["stripped", "renamed", "with_names", "stripped_copied"]) {
  Deno.test(`Hdf5File reads ${name}.h5, which h5py changed, as it was`, () => {
    const [whole, changed] = ["whole", name].map((each) => {
      const file = Hdf5File.open(source(each, CHANGED), {
        skip: (path) => path === "optimizer_weights",
      });
      return [...file.datasets.values()].map(({ read }) => [...read().data]);
    });
    assertEquals(whole!.length, 4);
    assertEquals(changed!.map(String).sort(), whole!.map(String).sort());
  });
}

Deno.test("Hdf5File says why datasets cannot be read, and reads the others", () => {
  const file = Hdf5File.open(source("with_names", CHANGED));
  assertEquals([...file.unreadable.keys()], ["class_names"]);
  const { message } = file.unreadable.get("class_names")!;
  assertEquals(
    message,
    'Cannot read HDF5 "with_names.h5" as "class_names" must hold numbers: current value is "strings of 16 bytes"',
  );
  assert(file.datasets.size > 4);
});

const UNREADABLE: Readonly<Record<string, string>> = {
  "huge_shape": "datasets must hold at most",
  "huge_chunk": "must fit it: current value is [67108864, 4, 4]",
  "nothing_stored": "hold its values in the file",
  "no_chunk_stored": "must have 64 chunks: current value is 0",
  complex: "records of 8 bytes",
  compound: "records of 4 bytes",
  text: "strings of 3 bytes",
  "own_type": "bfloat16 of 4 bytes",
  "scale_offset": "scaleoffset (6)",
};

for (const [name, message] of Object.entries(UNREADABLE)) {
  Deno.test(`Hdf5File does not read the kernel of ${name}.h5`, () => {
    const file = Hdf5File.open(source(name));
    const error = file.unreadable.get("model_weights/d/kernel")!;
    assert(error.message.includes(message), error.message);
    assertEquals(file.datasets.has("model_weights/d/kernel"), false);
  });
}

const REFUSED: Readonly<Record<string, string>> = {
  "broken_link": "must lead to something",
  "soft_cycle": "must not lead in a circle",
  "external_link": "must not be a link to another file",
  "external_storage": "must hold its values in the file",
  virtual: "must hold its values in the file",
  deep: "at most 40 deep",
  cycle: "at most 40 deep",
  many: "at most 339 objects",
};

for (const [name, message] of Object.entries(REFUSED)) {
  Deno.test(`Hdf5File.open() refuses ${name}.h5`, () => {
    assertThrows(() => Hdf5File.open(source(name)), SyntaxError, message);
  });
}

for (const name of ["lzf", "replaced"]) {
  Deno.test(`Hdf5File gives an error or the same of ${name}.h5 with a byte inverted, names and values aside`, () => {
    const bytes = bytesOf(name);
    const shown = () =>
      [...opened(bytes).datasets.values()].map(({ read }) => [...read().data]);
    const expected = shown();
    let numRefused = 0;
    const others: number[] = [];
    for (let at = 9; at < bytes.length; at += RUNS_ALL ? 5 : 50) {
      bytes[at]! ^= 0xff;
      try {
        // A member less is an error too: each weight is looked for.
        const isSame = shown().every((values) =>
          values.filter((v, i) => v !== expected[0]![i]).length <= 1
        );
        if (!isSame) others.push(at);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        numRefused++;
      }
      bytes[at]! ^= 0xff;
    }
    assertEquals(others, []);
    assert(
      numRefused > (RUNS_ALL ? 80 : 8),
      `${numRefused} of ${bytes.length}`,
    );
  });
}

Deno.test("Hdf5File refuses values that a damaged address shifts", () => {
  const bytes = bytesOf("types");
  const view = new DataView(bytes.buffer);
  const file = opened(bytes);
  const { read } = file.datasets.get("u8")!;
  const first = [...read().data];
  let at = 0; // of the values: 1, 2, 3 as eight bytes each
  while (
    view.getBigUint64(at, true) !== 1n ||
    view.getBigUint64(at + 8, true) !== 2n
  ) at += 4;
  const address = bytes.findIndex((_, i) =>
    i + 8 <= bytes.length && view.getBigUint64(i, true) === BigInt(at)
  );
  assert(address > 0 && first.length === 3);
  for (const shift of [1, 2, 4, 8, 16, 32, 64, 128]) {
    view.setBigUint64(address, BigInt(at ^ shift), true);
    const changed =
      () => [...opened(bytes).datasets.get("u8")?.read().data ?? []];
    assertThrows(() => assertEquals(changed(), first));
  }
});

Deno.test("Hdf5File refuses a damaged chunk", () => {
  const bytes = bytesOf("filters");
  const expected = contents(opened(bytes));
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf("\x78\x5e"); // where deflated data begin
  assert(at > 0);
  bytes[at + 4]! ^= 1;
  assertThrows(() => contents(opened(bytes)), SyntaxError, "a chunk");
  bytes[at + 4]! ^= 1;
  assertEquals(contents(opened(bytes)), expected);
});

Deno.test("Hdf5File checks the checksums of new files", () => {
  const bytes = bytesOf("latest");
  const expected = contents(opened(bytes));
  const text = new TextDecoder("latin1").decode(bytes);
  for (const letters of ["OHDR", "FRHP", "FHDB", "BTHD", "BTLF"]) {
    const at = text.indexOf(letters) + 9;
    assert(at > 9, letters);
    bytes[at]! ^= 1;
    assertThrows(() => opened(bytes), SyntaxError, "x.h5");
    bytes[at]! ^= 1;
  }
  assertEquals(contents(opened(bytes)), expected);
});

Deno.test("Hdf5File.open() refuses other bytes and cut files", () => {
  for (const size of [0, 7, 100]) {
    const bytes = new Uint8Array(size);
    assertThrows(() => opened(bytes), SyntaxError, "x.h5");
  }
  for (const name of ["types", "latest"]) {
    const whole = bytesOf(name);
    for (let size = 0; size < whole.length; size += 97) {
      assertThrows(() => opened(whole.slice(0, size)), SyntaxError, "x.h5");
    }
  }
});

Deno.test("Hdf5File can not be read once closed, and be closed twice", () => {
  const file = Hdf5File.open(source("types"));
  const { read } = file.datasets.get("f4")!;
  read();
  file.close();
  file.close();
  assertThrows(read, TypeError, "closed");
  assertThrows(() => file.strings("", "text"), TypeError, "closed");
});

Deno.test("Hdf5File does not list what it is to skip, sound or not", () => {
  const file = Hdf5File.open(source("broken_link"), {
    skip: (path) => path === "link",
  });
  assertEquals([...file.datasets.keys(), ...file.groups], [""]);
  file.close();
});

Deno.test("Hdf5File reads files with a user block, added or removed by hand or by HDF5", () => {
  const plain = source("types");
  const bytes = new Uint8Array(plain.size);
  plain.read(0, bytes);
  const { datasets: expected } = Hdf5File.open(plain);
  const baseAt = bytes[8]! < 2 ? 24 : 12;
  const withBlock = (size: number, base: number) => {
    const changed = new Uint8Array(size + bytes.length);
    changed.set(bytes, size);
    const view = new DataView(changed.buffer);
    for (const [at, more] of [[baseAt, 0], [baseAt + 16, bytes.length]]) {
      view.setBigUint64(size + at!, BigInt(base + more!), true);
    }
    return Hdf5File.open(bytesSource(changed, "x.h5"));
  };
  for (const [size, base] of [[512, 512], [2048, 2048], [512, 0], [0, 512]]) {
    const { datasets } = withBlock(size!, base!);
    assertEquals([...datasets.keys()], [...expected.keys()]);
    for (const [path, { read }] of datasets) {
      assertEquals(read(), expected.get(path)!.read());
    }
  }
});

Deno.test("isHdf5() knows how HDF5 begins", () => {
  const head = new Uint8Array(8);
  assertEquals(isHdf5(head), false);
  source("types").read(0, head);
  assertEquals(isHdf5(head), true);
});
