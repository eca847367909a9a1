import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { readOnnx } from "../../lib/formats/onnx_model.ts";
import { type File, onnxBytes } from "../support/onnx_bytes.ts";
import { onnxUrl } from "../support/onnx_models.ts";

function read(file: File) {
  return readOnnx(bytesSource(onnxBytes(file), "a file"));
}

Deno.test("readOnnx() reads a file of PyTorch's", () => {
  const bytes = Deno.readFileSync(onnxUrl("torch_cnn"));
  const { graph, opsets, irVersion } = readOnnx(bytesSource(bytes, "a file"));
  assertEquals([...opsets], [["", 17]]);
  assertEquals(irVersion, 8);
  const [conv] = graph!.nodes;
  assertEquals(conv!.kind, "Conv");
  assertEquals(conv!.inputs, ["image", "conv1.weight", "conv1.bias"]);
  assertEquals(conv!.outputs, ["/conv1/Conv_output_0"]);
  assertEquals(conv!.attributes.get("pads"), [1, 1, 1, 1]);
  assertEquals(graph!.inputs, [
    {
      name: "image",
      type: 1,
      shape: [null, 3, 10, 10],
      sizeNames: ["batch", undefined, undefined, undefined],
      isOther: false,
    },
  ]);
  const kernel = graph!.constants.find(({ name }) => name === "conv1.weight");
  assertEquals(kernel!.shape, [4, 3, 3, 3]);
});

Deno.test("readOnnx() reads attributes of every kind", () => {
  const { graph } = read({
    nodes: [{
      op: "Any",
      out: ["y"],
      attributes: {
        whole: -3,
        text: "same",
        many: [1, 2 ** 40],
        none: [],
        real: { float: 0.5 },
        zero: { float: 0 },
        tensor: { tensor: { name: "", shape: [1], floats: [4] } },
        body: { graph: { nodes: [{ op: "Inner", domain: "own" }] } },
      },
    }],
  });
  const [node] = graph!.nodes;
  const plain = [...node!.attributes].slice(0, 6);
  assertEquals(Object.fromEntries(plain), {
    whole: -3,
    text: "same",
    many: [1, 2 ** 40],
    none: [],
    real: 0.5,
    zero: 0,
  });
  const tensor = node!.attributes.get("tensor");
  assertEquals(typeof tensor === "object" && "tensor" in tensor, true);
  const body = node!.attributes.get("body");
  assert(typeof body === "object" && "graph" in body);
  assertEquals(body.graph.nodes.map(({ kind, domain }) => [kind, domain]), [
    ["Inner", "own"],
  ]);
});

Deno.test("readOnnx() keeps whole numbers that no number here holds as text", () => {
  const bytes = onnxBytes({
    nodes: [{ op: "A", attributes: { end: 2 ** 53 } }],
  });
  const { graph } = readOnnx(bytesSource(bytes, "a file"));
  assertEquals(graph!.nodes[0]!.attributes.get("end"), "9007199254740992");
});

Deno.test("readOnnx() takes sizes that are not positive, and names, as not known", () => {
  const { graph } = read({
    inputs: [{ name: "x", shape: [0, "T", 3] }, { name: "z" }],
  });
  assertEquals(graph!.inputs.map(({ shape }) => shape), [
    [null, null, 3],
    undefined,
  ]);
});

Deno.test("readOnnx() refuses two versions of one set of operators", () => {
  assertThrows(
    () => read({ opsets: { "": 17, "ai.onnx": 18 } }),
    SyntaxError,
    "one version of the operators",
  );
});

Deno.test("readOnnx() refuses a text where a part should be", () => {
  const bytes = Uint8Array.of(8, 8, 0x38, 1); // a number in the graph's field
  assertThrows(
    () => readOnnx(bytesSource(bytes, "a file")),
    SyntaxError,
    "must be length-delimited",
  );
});
