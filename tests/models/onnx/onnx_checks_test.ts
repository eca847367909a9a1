import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { readOnnx } from "../../../lib/formats/onnx_model.ts";
import { checkFile, takenBy } from "../../../lib/models/onnx/onnx_checks.ts";
import { type File, onnxBytes } from "../../support/onnx_bytes.ts";

function read(file: File) {
  return readOnnx(bytesSource(onnxBytes(file), "a file"));
}

Deno.test("takenBy() finds what graphs within an operation take from around them", () => {
  const inner = {
    nodes: [
      { op: "Add", in: ["x", "own"], out: ["s"] },
      {
        op: "If",
        in: ["s"],
        out: ["t"],
        attributes: {
          then_branch: {
            graph: {
              nodes: [{ op: "Neg", in: ["deep"], out: ["n"] }],
              outputs: [{ name: "n" }],
            },
          },
        },
      },
    ],
    inputs: [{ name: "own" }],
    constants: [{ name: "w", shape: [1], floats: [1] }],
    outputs: [{ name: "t" }, { name: "outer" }, { name: "w" }],
  };
  const { graph } = read({
    nodes: [{
      op: "Loop",
      in: ["n", "", "x"],
      out: ["y"],
      attributes: { body: { graph: inner } },
    }],
  });
  assertEquals(takenBy(graph!.nodes[0]!), ["n", "", "x", "deep", "outer"]);
});

Deno.test("checkFile() takes every opset from 7 to 26, and functions of the file's own", () => {
  for (const version of [7, 13, 26]) {
    checkFile(read({ opsets: { "": version } }));
  }
  checkFile(read({
    nodes: [{ op: "F", domain: "own", in: ["x"], out: ["y"] }],
    opsets: { "": 17, own: 1 },
    functions: [{
      name: "F",
      domain: "own",
      inputs: [],
      outputs: [],
      nodes: [{ op: "Neg" }],
    }],
  }));
  assertThrows(
    () => checkFile(read({ opsets: { "": 5 } })),
    ModelFormatError,
    "version 7 to 26",
  );
});
