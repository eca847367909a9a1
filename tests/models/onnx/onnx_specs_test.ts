import { assertEquals } from "@std/assert";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { readOnnx } from "../../../lib/formats/onnx_model.ts";
import { checkFile } from "../../../lib/models/onnx/onnx_checks.ts";
import { OnnxSpecs } from "../../../lib/models/onnx/onnx_specs.ts";
import { type File, onnxBytes } from "../../support/onnx_bytes.ts";

function specsOf(file: File) {
  const read = readOnnx(bytesSource(onnxBytes(file), "a file"));
  checkFile(read);
  return {
    specs: new OnnxSpecs(read, read.graph.inputs),
    inputs: read.graph.inputs,
  };
}

Deno.test("OnnxSpecs knows what the file says, and nothing else", () => {
  const { specs, inputs } = specsOf({
    inputs: [{ name: "x", type: 7, shape: [4, "T"] }],
    values: [
      { name: "map", shape: ["N", 3, 8, 8] },
      { name: "small", type: 3, shape: ["N"] },
      { name: "flat", type: 1 },
    ],
  });
  assertEquals(specs.batch, 4);
  assertEquals(specs.input(inputs[0]!), {
    name: "x",
    shape: [4, null],
    dtype: "int64",
  });
  assertEquals(specs.output("map", "conv", "first"), {
    name: "conv",
    shape: [null, 3, 8, 8],
    dtype: "float32",
    channels: "first",
  });
  assertEquals(specs.output("small", "s", undefined)!.dtype, "int32");
  assertEquals(specs.output("flat", "f", undefined), undefined);
  assertEquals(specs.output("none", "n", undefined), undefined);
  assertEquals(specs.types.get("flat"), 1);
});

Deno.test("OnnxSpecs takes an input without sizes as of any", () => {
  const { specs, inputs } = specsOf({ inputs: [{ name: "x" }] });
  assertEquals(specs.input(inputs[0]!).shape, []);
  assertEquals(specs.batch, undefined);
});

Deno.test("OnnxSpecs knows what linear layers require of their inputs", () => {
  const { specs } = specsOf({
    nodes: [
      { op: "NonZero", in: ["x"], out: ["a"] },
      { op: "Gemm", in: ["a", "W"], out: ["b"] },
      { op: "Gemm", in: ["c", "W"], out: ["d"], attributes: { transB: 1 } },
      { op: "Conv", in: ["e", "K"], out: ["f"], attributes: { group: 2 } },
    ],
    constants: [
      { name: "W", shape: [4, 3], floats: Array(12).fill(1) },
      { name: "K", shape: [6, 2, 3, 3], floats: Array(108).fill(1) },
    ],
  });
  const shapeOf = (name: string) => specs.output(name, name, undefined)?.shape;
  assertEquals(shapeOf("a"), [null, 4]);
  assertEquals(shapeOf("c"), [null, 3]);
  assertEquals(shapeOf("e"), [null, 4, null, null]);
});
