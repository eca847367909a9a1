import { assert, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { type File, floatBytes, onnxBytes } from "../../support/onnx_bytes.ts";

// ---- what opens ----

const RELU = { op: "Relu", in: ["x"], out: ["y"] };
const OUTSIDE = {
  name: "w",
  shape: [2],
  external: { location: "../w.bin" },
};
const BODY = { nodes: [RELU], outputs: [{ name: "y" }] };

const REFUSED: Readonly<Record<string, readonly [File, string]>> = {
  "no graph": [{ hasGraph: false }, "must hold a graph"],
  "no operations": [{ nodes: [] }, "must hold a graph"],
  "no outputs": [{ outputs: [] }, "must have outputs"],
  "an opset that is too old": [{ opsets: { "": 6 } }, "version is 6"],
  "an opset that is too new": [{ opsets: { "": 27 } }, "version is 27"],
  "a newer opset of a domain": [
    { opsets: { "": 17, "ai.onnx.ml": 6 } },
    'opset "ai.onnx.ml" must be of version 1 to 5: current version is 6',
  ],
  "no opset": [{ opsets: { "ai.onnx.ml": 3 } }, "opset is undefined"],
  "a format that is too old": [{ ir: 2 }, '"format" must'.replaceAll('"', "")],
  "a format that is too new": [{ ir: 14 }, "version is 14"],
  "training": [{ hasTraining: true }, "training_info"],
  "a sparse weight without indices": [
    { sparse: [{ values: { name: "w" }, shape: [2] }] },
    'must have values and their indices: current value is "no indices"',
  ],
  "custom operators, all of them": [
    {
      nodes: [
        { op: "Odd", domain: "my.ops", in: ["x"], out: ["a"] },
        { op: "Other", domain: "your.ops", in: ["a"], out: ["y"] },
      ],
      opsets: { "": 17, "my.ops": 1, "your.ops": 1 },
    },
    '"my.ops.Odd", "your.ops.Other"',
  ],
  "custom operators in a branch": [
    {
      nodes: [{
        op: "If",
        in: ["x"],
        out: ["y"],
        attributes: {
          then_branch: {
            graph: { ...BODY, nodes: [{ ...RELU, domain: "my.ops" }] },
          },
        },
      }],
    },
    '"my.ops.Relu"',
  ],
  "custom operators in a function": [
    {
      nodes: [{ op: "F", domain: "own", in: ["x"], out: ["y"] }],
      opsets: { "": 17, own: 1 },
      functions: [{
        name: "F",
        domain: "own",
        inputs: ["a"],
        outputs: ["b"],
        nodes: [{ op: "Odd", domain: "my.ops", in: ["a"], out: ["b"] }],
      }],
    },
    '"my.ops.Odd" in function "F"',
  ],
  "a call of a function that is not there": [
    {
      nodes: [{ op: "G", name: "g", domain: "own", in: ["x"], out: ["y"] }],
      opsets: { "": 17, own: 1 },
      functions: [{
        name: "F",
        domain: "own",
        inputs: ["a"],
        outputs: ["b"],
        nodes: [{ ...RELU, in: ["a"], out: ["b"] }],
      }],
    },
    'current unknown one is "own.G" (operation "g"); export it with its functions',
  ],
  "a domain without a version": [
    { nodes: [{ ...RELU, domain: "com.microsoft" }] },
    'current version of "com.microsoft" is undefined',
  ],
  "a cycle": [
    {
      nodes: [
        { op: "Add", name: "a", in: ["x", "t"], out: ["s"] },
        { op: "Relu", name: "b", in: ["s"], out: ["t"] },
      ],
      outputs: [{ name: "t" }],
    },
    "no operation may depend on itself",
  ],
  "an operation that takes what it gives": [
    { nodes: [{ op: "Add", name: "a", in: ["x", "y"], out: ["y"] }] },
    'current value is "a"',
  ],
  "a missing tensor": [
    { nodes: [{ op: "Add", name: "a", in: ["x", "z"], out: ["y"] }] },
    'every input of "a" must be in the graph: current value is "z"',
  ],
  "a missing tensor in a branch": [
    {
      nodes: [{
        op: "If",
        in: ["x"],
        out: ["y"],
        attributes: {
          then_branch: { graph: { nodes: [{ ...RELU, in: ["far"] }] } },
        },
      }],
    },
    'current value is "far"',
  ],
  "a missing output": [{ outputs: [{ name: "z" }] }, 'output "z" must come'],
  "a tensor that is given twice": [
    { nodes: [RELU, RELU] },
    'each tensor must be the output of one operation: current value is "y"',
  ],
  "an operation that gives an input": [
    { nodes: [{ op: "Relu", in: ["x"], out: ["x"] }] },
    "a unique name",
  ],
  "an operation that gives a constant": [
    { constants: [{ name: "y", shape: [1], raw: floatBytes(1) }] },
    "output",
  ],
  "two constants of one name": [
    {
      constants: [
        { name: "w", shape: [1], raw: floatBytes(1) },
        { name: "w", shape: [1], raw: floatBytes(2) },
      ],
    },
    'current name is "w"',
  ],
  "two inputs of one name": [
    { inputs: [{ name: "x" }, { name: "x" }] },
    "a unique name",
  ],
  "an input of complex numbers": [
    { inputs: [{ name: "x", type: 14 }] },
    "complex64",
  ],
  "an input of no known type": [
    { inputs: [{ name: "x", type: 0 }] },
    "not known",
  ],
  "an input that is a sequence": [
    { inputs: [{ name: "x", isSequence: true }] },
    "a sequence or a map",
  ],
  "an input of a single number": [
    { inputs: [{ name: "x", shape: [] }] },
    "some input must have a batch axis",
  ],
  "inputs of different numbers of rows": [
    {
      inputs: [{ name: "x", shape: [2, 2] }, { name: "z", shape: [3, 2] }],
      nodes: [{ op: "Add", in: ["x", "z"], out: ["y"] }],
    },
    "the same number of rows",
  ],
  "a constant of fewer bytes than its shape": [
    { constants: [{ name: "w", shape: [3], raw: floatBytes(1) }] },
    "have the 12 bytes of its shape and type",
  ],
  "a constant of a negative size": [
    { constants: [{ name: "w", shape: [-1], raw: floatBytes(1) }] },
    "whole numbers >= 0",
  ],
  "a constant larger than any file": [
    { constants: [{ name: "w", shape: [2 ** 31, 2 ** 31], floats: [1] }] },
    "that a file can hold",
  ],
  "a constant of an unknown type": [
    { constants: [{ name: "w", type: 99, shape: [1], raw: floatBytes(1) }] },
    "current value is 99",
  ],
  "a part of a constant": [
    {
      constants: [{ name: "w", shape: [1], raw: floatBytes(1), segment: true }],
    },
    "must be whole",
  ],
  "weights beside bytes that lie nowhere": [
    { constants: [{ name: "w", shape: [1], external: { location: "w.bin" } }] },
    "onnx.save(model, path)",
  ],
  "external bytes of a branch, which the runtime would open": [
    {
      nodes: [{
        op: "If",
        in: ["x"],
        out: ["y"],
        attributes: {
          then_branch: { graph: { ...BODY, constants: [OUTSIDE] } },
        },
      }],
    },
    'constant "w" of a subgraph, a function or an attribute must be stored in the file itself: current path is "../w.bin"',
  ],
  "external bytes of a function": [
    {
      nodes: [{ op: "F", domain: "lab", in: ["x"], out: ["y"] }],
      opsets: { "": 17, lab: 1 },
      functions: [{
        name: "F",
        domain: "lab",
        inputs: ["a"],
        outputs: ["b"],
        nodes: [
          {
            op: "Constant",
            out: ["w"],
            attributes: { value: { tensor: OUTSIDE } },
          },
          { op: "Mul", in: ["a", "w"], out: ["b"] },
        ],
      }],
    },
    "must be stored in the file itself",
  ],
  "external bytes of an attribute": [
    {
      nodes: [{
        op: "ConstantOfShape",
        in: ["x"],
        out: ["y"],
        attributes: { value: { tensor: OUTSIDE } },
      }],
    },
    "must be stored in the file itself",
  ],
};

for (const [what, [file, text]] of Object.entries(REFUSED)) {
  Deno.test(`loadModel() refuses an ONNX file with ${what}`, async () => {
    const error = await assertRejects(
      () => loadModel(onnxBytes(file)),
      ModelFormatError,
      text,
    );
    assert(error.message.startsWith('Cannot load model "bytes" as '));
  });
}
