import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type ByteSource, bytesSource } from "../../lib/formats/byte_source.ts";
import { Hdf5File, isHdf5 } from "../../lib/formats/hdf5.ts";

const FOLDER = new URL("../data/hdf5/", import.meta.url);

function source(name: string): ByteSource {
  const bytes = Deno.readFileSync(new URL(`${name}.h5`, FOLDER));
  return bytesSource(bytes, `${name}.h5`);
}

Deno.test("Hdf5File reads every type that weights have", async () => {
  const file = await Hdf5File.open(source("types"));
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

Deno.test("Hdf5File.texts() reads text, lists and nothing", async () => {
  const file = await Hdf5File.open(source("types"));
  assertEquals(file.texts("", "text"), ["größe"]);
  assertEquals(file.texts("", "fixed"), ["one", "three"]);
  assertEquals(file.texts("", "list"), ["a", "bb"]);
  assertEquals(file.texts("", "none"), []);
  assertEquals(file.texts("", "absent"), undefined);
  assertThrows(() => file.texts("", "number"), SyntaxError, "must be text");
  file.close();
});

for (
  const [name, path] of [
    ["filters", "chunks"],
    ["filters", "gzip"],
    ["latest", "group/values"],
  ] as const
) {
  Deno.test(`Hdf5File reads ${path} of ${name}.h5`, async () => {
    const file = await Hdf5File.open(source(name));
    const { data } = file.datasets.get(path)!.read();
    assertEquals([...data], Array.from({ length: 12 }, (_, i) => i));
    file.close();
  });
}

const REFUSED: Readonly<Record<string, string>> = {
  "soft_link": "must not be a link",
  "broken_link": "must not be a link",
  "external_link": "must not be a link to a file",
  "external_storage": "external raw data file",
  virtual: "hold its own values",
  "huge_shape": "bytes in all",
  "nothing_stored": "hold its values in the file",
  "no_chunk_stored": '"values" must have 64 chunks: current value is 0',
  "big_endian": "least significant byte first",
  complex: "records of 8 bytes",
  compound: "records of 4 bytes",
  text: "texts of 3 bytes",
  "own_type": "bfloat16 of 4 bytes",
  lzf: "lzf (32000)",
  deep: "at most 40 deep",
  cycle: "at most 40 deep",
  shared: "must not share bytes",
};

for (const [name, message] of Object.entries(REFUSED)) {
  Deno.test(`Hdf5File.open() refuses ${name}.h5`, async () => {
    await assertRejects(
      () => Hdf5File.open(source(name)),
      SyntaxError,
      message,
    );
  });
}

Deno.test("Hdf5File refuses a damaged checksum", async () => {
  const whole = source("filters");
  const bytes = new Uint8Array(whole.size);
  whole.read(0, bytes);
  let numRefused = 0;
  const file = await Hdf5File.open(bytesSource(bytes, "damaged.h5"));
  const { read } = file.datasets.get("gzip")!;
  const expected = [...read().data].map(Number);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at]! ^= 0xff;
    try {
      assertEquals([...read().data].map(Number), expected);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      numRefused++;
    }
    bytes[at]! ^= 0xff;
  }
  assertEquals(numRefused > 50, true);
  file.close();
});

Deno.test("Hdf5File.open() refuses other bytes and cut files", async () => {
  for (const size of [0, 7, 100]) {
    const bytes = bytesSource(new Uint8Array(size), "zeros.h5");
    await assertRejects(() => Hdf5File.open(bytes), SyntaxError, "zeros.h5");
  }
  const whole = source("types");
  for (let size = 0; size < whole.size; size += 97) {
    const bytes = new Uint8Array(size);
    whole.read(0, bytes);
    const cut = bytesSource(bytes, "cut.h5");
    await assertRejects(() => Hdf5File.open(cut), SyntaxError, "cut.h5");
  }
});

Deno.test("Hdf5File leaves no stream open, and can not be read once closed", async () => {
  const { FS, ready } = await import("h5wasm");
  await ready;
  const streams = () =>
    (FS as unknown as { streams: unknown[] }).streams.filter(Boolean).length;
  const before = streams();
  for (let i = 0; i < 20; i++) {
    const file = await Hdf5File.open(source("types"));
    const { read } = file.datasets.get("f4")!;
    read();
    await assertRejects(() => Hdf5File.open(source("text")), SyntaxError);
    await assertRejects(
      () => Hdf5File.open(source("external_storage")),
      SyntaxError,
    );
    file.close();
    file.close();
    assertThrows(read, TypeError, "closed");
    assertEquals(streams(), before);
  }
});

Deno.test("Hdf5File does not enter what it is to skip", async () => {
  const file = await Hdf5File.open(source("soft_link"), {
    skip: (path) => path === "link",
  });
  assertEquals([...file.datasets.keys()], ["values"]);
  file.close();
});

Deno.test("isHdf5() knows how HDF5 begins", () => {
  const head = new Uint8Array(8);
  assertEquals(isHdf5(head), false);
  source("types").read(0, head);
  assertEquals(isHdf5(head), true);
});
