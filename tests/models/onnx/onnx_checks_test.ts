import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InferenceSession } from "onnxruntime-node";
import { ModelFormatError } from "../../../lib/errors.ts";
import { bytesSource } from "../../../lib/formats/byte_source.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { readOnnx } from "../../../lib/formats/onnx_model.ts";
import {
  attributeTensors,
  checkFile,
} from "../../../lib/models/onnx/onnx_checks.ts";
import { type File, onnxBytes } from "../../support/onnx_bytes.ts";

function read(file: File) {
  return readOnnx(bytesSource(onnxBytes(file), "a file"));
}

Deno.test("attributeTensors() finds what graphs within an operation take from around them", () => {
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
  assertEquals(attributeTensors(graph!.nodes[0]!), [
    "n",
    "",
    "x",
    "deep",
    "outer",
  ]);
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

Deno.test("checkFile() takes the newest versions that the runtime knows, and none that is newer", async () => {
  const ranges: [string, (version: number) => File, number][] = [
    ["opset", (version) => ({ opsets: { "": version } }), 20],
    ["format", (version) => ({ ir: version }), 8],
    ...["ai.onnx.ml", "com.microsoft"].map((domain) =>
      [
        domain,
        (version: number) => ({ opsets: { "": 17, [domain]: version } }),
        1,
      ] as [string, (version: number) => File, number]
    ),
  ];
  for (const [what, file, first] of ranges) {
    let isKnown = true;
    for (let version = first; isKnown; version++) {
      const bytes = onnxBytes(file(version));
      const session = await InferenceSession.create(bytes).catch(() => {});
      await session?.release();
      isKnown = session !== undefined;
      const check = () => checkFile(read(file(version)));
      if (isKnown) check();
      else {
        assert(version > first, what);
        assertThrows(check, ModelFormatError, `version is ${version}`);
      }
    }
  }
});

Deno.test("loadModel() refuses zero bytes in every name of ONNX, by name", async () => {
  const zero = "a\0b";
  const node = { op: "Relu", in: ["x"], out: ["y"] };
  for (
    const file of [
      { nodes: [{ ...node, op: zero }] },
      { nodes: [{ ...node, name: zero }] },
      { nodes: [{ ...node, domain: zero }] },
      { nodes: [{ ...node, in: [zero] }] },
      { nodes: [{ ...node, out: [zero] }] },
      { inputs: [{ name: zero, shape: [2] }] },
      { outputs: [{ name: zero, shape: [2] }] },
      { constants: [{ name: zero, shape: [1], floats: [1] }] },
    ]
  ) {
    await assertRejects(
      () => loadModel(onnxBytes({ nodes: [node], ...file })),
      ModelFormatError,
      'name "a\\u0000b" must have no zero byte',
    );
  }
});
