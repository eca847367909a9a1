import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { ProtoReader } from "../../lib/formats/protobuf.ts";

function readerOf(bytes: Uint8Array): ProtoReader {
  return new ProtoReader(bytesSource(bytes, "a file"));
}

Deno.test("ProtoReader reads what the library writes", () => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(-3);
  writer.tag(2, WireType.LengthDelimited).string("häuser");
  writer.tag(536870911, WireType.Bit32).float(1.5);
  writer.tag(4, WireType.Bit64).double(2);
  writer.tag(5, WireType.LengthDelimited).fork().int64(1).int64(2 ** 40).int64(
    -1,
  ).join();
  const bytes = writer.finish();
  const reader = readerOf(bytes);
  const fields = [...reader.fields({ start: 0, end: bytes.length })];
  assertEquals(fields.map(({ number }) => number), [1, 2, 536870911, 4, 5]);
  assertEquals(fields[0]!.integer, -3n);
  assertEquals(reader.text(fields[1]!), "häuser");
  assertEquals(new Float32Array(reader.bytes(fields[2]!).buffer)[0], 1.5);
  assertEquals(new Float64Array(reader.bytes(fields[3]!).buffer)[0], 2);
  assertEquals(reader.integers(fields[4]!), [1n, 2n ** 40n, -1n]);
  assertEquals(reader.integers(fields[0]!), [-3n]);
  assertEquals(fields.map(({ isLong }) => isLong), [
    false,
    true,
    false,
    false,
    true,
  ]);
});

Deno.test("ProtoReader skips what is large without reading it", () => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).bytes(new Uint8Array(2 ** 22));
  writer.tag(2, WireType.Varint).int64(7);
  const bytes = writer.finish();
  let numRead = 0;
  const source = bytesSource(bytes, "a file");
  const reader = new ProtoReader({
    ...source,
    read(position, into) {
      numRead += into.length;
      source.read(position, into);
    },
  });
  const fields = [...reader.fields({ start: 0, end: bytes.length })];
  assertEquals(fields[1]!.integer, 7n);
  assertEquals(numRead < 2 ** 18, true);
});

Deno.test("ProtoReader refuses what is not well formed", () => {
  const broken: [number[], string][] = [
    [[0x00], "must have a number"],
    [[0x08], "ten bytes at most"],
    [[0x08, ...Array(11).fill(0x80)], "ten bytes at most"],
    [[0x0a, 0x05, 1, 2], "end within its message"],
    [[0x0d, 1, 2], "end within its message"],
    [[0x0b], "wire type 3"],
    [[0x0f, 0], "wire type 7"],
    [[0x0a, ...Array(9).fill(0xff), 0x01], "end within its message"],
  ];
  for (const [bytes, text] of broken) {
    const reader = readerOf(Uint8Array.from(bytes));
    assertThrows(
      () => [...reader.fields({ start: 0, end: bytes.length })],
      SyntaxError,
      text,
    );
  }
  const reader = readerOf(Uint8Array.of(0x0a, 1, 0xff));
  const [field] = [...reader.fields({ start: 0, end: 3 })];
  assertThrows(() => reader.text(field!), SyntaxError, "UTF-8");
});

Deno.test("ProtoReader.text() refuses a name with a zero byte, by name", () => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string("a\0b");
  const bytes = writer.finish();
  const reader = readerOf(bytes);
  const [field] = reader.fields({ start: 0, end: bytes.length });
  assertThrows(
    () => reader.text(field!),
    SyntaxError,
    'name "a\\u0000b" must have no zero byte',
  );
});
