/** Sinks, archives and Parquet, written and read again. */
import { assertEquals, assertRejects } from "@std/assert";
import { fileSink } from "../../lib/formats/byte_sink.ts";
import { bytesSource, fileSource } from "../../lib/formats/byte_source.ts";
import { fixedStrings, npyHead } from "../../lib/formats/npy_writer.ts";
import {
  fromNpy,
  readNpyTextHeader,
  readNpyTextRows,
} from "../../lib/formats/npy.ts";
import {
  openParquetFile,
  parquetLibraries,
  writeParquet,
} from "../../lib/formats/parquet.ts";
import { sha256 } from "../../lib/formats/sha256.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { ZipWriter } from "../../lib/formats/zip_writer.ts";
import { inFolder } from "../store/_sets.ts";

Deno.test("ZipWriter writes archives that ZipArchive takes, names in any script", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.zip`;
    using sink = fileSink(path);
    const zip = new ZipWriter(sink);
    await zip.add("größe/a.npy", [Uint8Array.of(1, 2), Uint8Array.of(3)]);
    await zip.add("empty", []);
    zip.finish();
    sink.finish();
    const source = fileSource(path);
    const archive = new ZipArchive(source);
    await archive.verify();
    assertEquals([...archive.members.keys()], ["größe/a.npy", "empty"]);
    assertEquals([...archive.bytes("größe/a.npy")], [1, 2, 3]);
    assertEquals(archive.bytes("empty").length, 0);
    source.close();
  }));

Deno.test("npyHead() begins files that fromNpy() takes", () => {
  const cases = [[], [0], [3], [2, 0, 5]];
  for (const shape of cases) {
    const size = shape.reduce((a, b) => a * b, 1);
    const head = npyHead("float64", shape);
    assertEquals(head.length % 64, 0);
    const array = fromNpy(
      new Uint8Array([...head, ...new Uint8Array(8 * size)]),
    );
    assertEquals([array.shape, array.dtype], [shape, "float64"]);
  }
});

Deno.test("fixedStrings() come back, with characters beyond 16 bits", () => {
  const strings = ["", "a", "🐈é", "x\0y"];
  const bytes = new Uint8Array([
    ...npyHead({ characters: 3 }, [4]),
    ...fixedStrings(strings, 3),
  ]);
  const source = bytesSource(bytes, "x");
  const header = readNpyTextHeader(source)!;
  assertEquals([header.characters, header.shape], [3, [4]]);
  assertEquals(readNpyTextRows(source, header, 0, 4), strings);
});

Deno.test("writeParquet() writes row groups, which are read one by one", () =>
  inFolder(async (folder) => {
    const { arrow } = await parquetLibraries();
    async function* batches() {
      for (const start of [0, 2, 4]) {
        const length = Math.min(2, 5 - start);
        const type = new arrow.Int32();
        const child = () => {
          const data = Int32Array.from({ length }, (_, i) => start + i);
          return arrow.makeData({ type, length, nullCount: 0, data });
        };
        const fields = ["a", "b"].map((name) =>
          new arrow.Field(name, type, false)
        );
        const rows = arrow.makeData({
          type: new arrow.Struct(fields),
          length,
          nullCount: 0,
          children: [child(), child()],
        });
        yield await Promise.resolve(
          new arrow.RecordBatch(new arrow.Schema(fields), rows),
        );
      }
    }
    const path = `${folder}/x.parquet`;
    using sink = fileSink(path);
    const options = { metadata: { hello: "world" }, rowGroupSize: 2 };
    await writeParquet(sink, batches(), options);
    sink.finish();
    const source = fileSource(path);
    const reader = await openParquetFile(source);
    assertEquals(reader.groups, [2, 2, 1]);
    assertEquals(reader.metadata.get("hello"), "world");
    const rows = await reader.read(1);
    assertEquals(rows.schema.fields.map(({ name }) => name), ["a", "b"]);
    assertEquals([...rows.getChildAt(1)!.toArray()], [2, 3]);
    reader.close();
    source.close();
    async function* failing() {
      yield* batches();
      throw new Error("fell");
    }
    using other = fileSink(`${folder}/y.parquet`);
    await assertRejects(
      () => writeParquet(other, failing(), options),
      Error,
      "fell",
    );
  }));

Deno.test("sha256() gives the digest of the standard's example", async () => {
  assertEquals(
    await sha256("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
