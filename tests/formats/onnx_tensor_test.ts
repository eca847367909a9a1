import { assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { readOnnx } from "../../lib/formats/onnx_model.ts";
import {
  byteLength,
  storedType,
  tensorBytes,
  typeName,
} from "../../lib/formats/onnx_tensor.ts";
import { type Constant, onnxBytes } from "../support/onnx_bytes.ts";

function read(constant: Omit<Constant, "name">) {
  const bytes = onnxBytes({ constants: [{ name: "w", ...constant }] });
  const { reader, graph } = readOnnx(bytesSource(bytes, "a file"));
  return { reader, tensor: graph!.constants[0]! };
}

Deno.test("tensorBytes() gives the same bytes from fields as from raw data", () => {
  const cases: [Omit<Constant, "name">, ArrayBufferView][] = [
    [{ type: 1, floats: [1.5, -2] }, Float32Array.of(1.5, -2)],
    [{ type: 7, ints: [2n ** 60n, -1] }, BigInt64Array.of(2n ** 60n, -1n)],
    [{ type: 6, ints: [-7, 8], intsField: 5 }, Int32Array.of(-7, 8)],
    [{ type: 3, ints: [-7, 8], intsField: 5 }, Int8Array.of(-7, 8)],
    [{ type: 9, ints: [1, 0], intsField: 5 }, Uint8Array.of(1, 0)],
    [{ type: 5, ints: [-7, 8], intsField: 5 }, Int16Array.of(-7, 8)],
    // Half floats stand as their bits.
    [
      { type: 10, ints: [0x3c00, 0xc000], intsField: 5 },
      Float16Array.of(1, -2),
    ],
    [
      { type: 12, ints: [2 ** 32 - 1, 1], intsField: 11 },
      Uint32Array.of(2 ** 32 - 1, 1),
    ],
  ];
  for (const [constant, expected] of cases) {
    const { reader, tensor } = read({ shape: [2], ...constant });
    const bytes = new Uint8Array(expected.buffer as ArrayBuffer);
    assertEquals(tensorBytes(reader, tensor), bytes);
    const raw = read({ type: constant.type!, shape: [2], raw: bytes });
    assertEquals(tensorBytes(raw.reader, raw.tensor), bytes);
  }
});

Deno.test("tensorBytes() refuses more or fewer values than the shape says", () => {
  for (const floats of [[1], [1, 2, 3]]) {
    const { reader, tensor } = read({ shape: [2], floats });
    assertThrows(
      () => tensorBytes(reader, tensor),
      SyntaxError,
      `have the 8 bytes of its shape and type: current value is ${
        floats.length * 4
      }`,
    );
  }
});

Deno.test("readTensor() refuses a shape of a million axes", () => {
  const shape = Array<number>(1e6).fill(1);
  assertThrows(() => read({ shape }), SyntaxError, "at most 1024 axes");
});

Deno.test("typeName(), storedType() and byteLength() know ONNX' element types", () => {
  assertEquals([1, 8, 16, 22, 99].map(typeName), [
    "float32",
    "string",
    "bfloat16",
    "int4",
    undefined,
  ]);
  assertEquals([1, 8, 14, 16, 22].map(storedType), [
    "float32",
    undefined,
    undefined,
    "bfloat16",
    undefined,
  ]);
  const lengths = [1, 8, 10, 15, 22].map((type) =>
    byteLength({ type, shape: [3] })
  );
  assertEquals(lengths, [12, undefined, 6, 48, 2]);
});
