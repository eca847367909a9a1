import { assertEquals } from "@std/assert";
import { onnxChannels } from "../../../lib/models/graph/onnx_operators.ts";

Deno.test("onnxChannels() has maps with their channels first, and what keeps axes with them", () => {
  assertEquals(onnxChannels("Conv", [undefined]), "first");
  assertEquals(onnxChannels("Relu", ["first"]), "first");
  assertEquals(onnxChannels("Add", ["first", "first"]), "first");
  assertEquals(onnxChannels("Add", ["first", undefined]), undefined);
  assertEquals(onnxChannels("Relu", [undefined]), undefined);
  assertEquals(onnxChannels("Add", []), undefined);
  assertEquals(onnxChannels("Transpose", ["first"]), undefined);
  assertEquals(onnxChannels("Reshape", ["first"]), undefined);
});
