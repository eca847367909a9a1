import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { readOnnx } from "../../../lib/formats/onnx_model.ts";
import { numbersConstant } from "../../../lib/models/onnx/onnx_constants.ts";
import { type Attribute, onnxBytes } from "../../support/onnx_bytes.ts";

function constant(attributes: Record<string, Attribute>) {
  const nodes = [{ op: "Constant", out: ["c"], attributes }];
  const file = readOnnx(bytesSource(onnxBytes({ nodes }), "a file"));
  return numbersConstant(file.graph!.nodes[0]!, file.reader);
}

Deno.test("numbersConstant() reads numbers and rows of them", async () => {
  const one = await constant({ value_int: -3 }).read();
  assertEquals([one.shape, one.dtype], [[], "int64"]);
  assertEquals(Array.from(one.data as ArrayLike<unknown>), [-3n]);
  const many = await constant({ value_ints: [1, 2] }).read();
  assertEquals(many.shape, [2]);
  const real = await constant({ value_float: { float: 0.5 } }).read();
  assertEquals([...real.data], [0.5]);
  const bytes = constant({ value_int: 2 ** 53 }).storedBytes!();
  assertEquals(new BigInt64Array(bytes.buffer)[0], 2n ** 53n);
});

Deno.test("numbersConstant() says of strings that they are none, and refuses the rest", async () => {
  const text = constant({ value_string: "a" });
  assertEquals(text.storedBytes, undefined);
  await assertRejects(() => text.read(), TypeError, "strings");
  assertThrows(() => constant({ odd: 1 }), SyntaxError, "odd");
});
