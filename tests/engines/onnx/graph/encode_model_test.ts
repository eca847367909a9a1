import { assertEquals } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
const ascii = (text: string) => hex(new TextEncoder().encode(text));

Deno.test("encodeModel() writes a model as onnx.proto has it", () => {
  const graph = new OnnxGraph();
  const x = graph.input("x", "float32", [null, 2]); // x_0
  const y = graph.node("Flatten", [x], { axis: 1 }); // Flatten_1
  graph.outputs.push({ name: y, type: "float32" });
  const node = [
    `0a 03 ${ascii("x_0")}`, // input = 1
    `12 09 ${ascii("Flatten_1")}`, // output = 2
    `1a 09 ${ascii("Flatten_1")}`, // name = 3
    `22 07 ${ascii("Flatten")}`, // op_type = 4
    // attribute = 5: name = 1, i = 3, type = 20 is INT
    `2a 0b 0a 04 ${ascii("axis")} 18 01 a0 01 02`,
  ].join(" ");
  // name = 1, type = 2: tensor_type = 1: elem_type = 1 is FLOAT, shape = 2: two dims
  const input = `0a 03 ${
    ascii("x_0")
  } 12 0c 0a 0a 08 01 12 06 0a 00 0a 02 08 02`;
  const output = `0a 09 ${ascii("Flatten_1")} 12 04 0a 02 08 01`;
  const sized = (tag: string, text: string) =>
    `${tag} ${hex(Uint8Array.of(text.split(" ").length))} ${text}`;
  const body = [
    sized("0a", node),
    sized("12", ascii("model")),
    sized("5a", input),
    sized("62", output),
  ].join(" ");
  assertEquals(
    hex(encodeModel(graph).bytes),
    [
      "08 0a", // ir_version = 1
      sized("12", ascii("sonde")), // producer_name = 2
      sized("3a", body), // graph = 7
      "42 04 0a 00 10 15", // opset_import = 8: domain = 1, version = 2
    ].join(" "),
  );
});

Deno.test("encodeModel() leaves large constants outside, without copying them", () => {
  const graph = new OnnxGraph();
  const buffer = new Float32Array(1000).fill(1);
  const large = buffer.subarray(100, 900);
  const path = graph.constant("float32", [800], large);
  graph.constant("float32", [2], Float32Array.of(1, 2));
  const { bytes, externalData } = encodeModel(graph);
  assertEquals(bytes.length < 300, true);
  assertEquals(externalData.map((data) => data.path), [path]);
  const { data } = externalData[0]!;
  assertEquals(data.buffer, buffer.buffer);
  assertEquals([data.byteOffset, data.byteLength], [400, 3200]);
});

Deno.test("encodeModel() writes attributes under their ONNX names", () => {
  const graph = new OnnxGraph();
  graph.node("Conv", [], { kernelShape: [3, 3], autoPad: "SAME_UPPER" });
  graph.node("LeakyRelu", [], { alpha: { float: 0.5 } });
  const text = new TextDecoder("latin1").decode(encodeModel(graph).bytes);
  assertEquals(text.includes("kernel_shape"), true);
  assertEquals(text.includes("auto_pad\x22\x0aSAME_UPPER"), true);
  assertEquals(text.includes("alpha\x15\x00\x00\x00\x3f"), true); // 0.5
});

Deno.test("encodeModel() writes named sizes, and metadata", () => {
  const graph = new OnnxGraph();
  graph.input("x", "float32", ["N", null, 3]);
  const metadata = { made: "by hand" };
  const { bytes } = encodeModel(graph, { metadata });
  const found = hex(bytes);
  // TensorShapeProto: dim_param = 2 of the first, nothing of the second.
  assertEquals(found.includes("0a 03 12 01 4e 0a 00 0a 02 08 03"), true);
  const entry = `0a 04 ${ascii("made")} 12 07 ${ascii("by hand")}`;
  assertEquals(found.endsWith(`72 0f ${entry}`), true); // metadata_props = 14
});
