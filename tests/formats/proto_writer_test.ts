import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { assertEquals, assertThrows } from "@std/assert";
import { ProtoWriter } from "../../lib/formats/proto_writer.ts";

Deno.test("ProtoWriter writes what a package for protocol buffers writes", () => {
  const integers = [0, 1, 127, 128, 2 ** 31, 2 ** 53 - 1, 2 ** 60];
  for (const field of [1, 15, 16, 2 ** 29 - 1]) {
    const writer = new ProtoWriter();
    const other = new BinaryWriter();
    for (const value of [...integers, ...integers.map((n) => -n)]) {
      writer.integer(field, value);
      other.tag(field, WireType.Varint).int64(value);
    }
    writer.float(field, -1.5);
    other.tag(field, WireType.Bit32).float(-1.5);
    for (const text of ["", "häuser", "x".repeat(300)]) {
      writer.text(field, text);
      other.tag(field, WireType.LengthDelimited).string(text);
    }
    writer.bytes(
      field,
      Uint8Array.of(1, 2),
      new Uint8Array(0),
      Uint8Array.of(3),
    );
    other.tag(field, WireType.LengthDelimited).bytes(Uint8Array.of(1, 2, 3));
    assertEquals(writer.finish(), other.finish());
  }
});

Deno.test("ProtoWriter writes messages of every length within others", () => {
  for (const length of [0, 1, 50, 118, 124, 125, 126, 127, 128, 2 ** 14]) {
    const inner = new Uint8Array(length).map((_, i) => i);
    const writer = new ProtoWriter();
    writer.message(1, () => {
      writer.message(2, () => writer.bytes(3, inner));
      writer.integer(4, length);
    });
    writer.message(5, () => {});
    const other = new BinaryWriter();
    other.tag(1, WireType.LengthDelimited).fork();
    other.tag(2, WireType.LengthDelimited).fork();
    other.tag(3, WireType.LengthDelimited).bytes(inner).join();
    other.tag(4, WireType.Varint).int64(length).join();
    other.tag(5, WireType.LengthDelimited).fork().join();
    assertEquals(writer.finish(), other.finish());
  }
});

Deno.test("ProtoWriter refuses what is no integer of 64 bits", () => {
  for (const value of [2 ** 63, -(2 ** 64), 0.5, NaN, Infinity]) {
    assertThrows(
      () => new ProtoWriter().integer(1, value),
      RangeError,
      "an integer of 64 bits",
    );
  }
});
