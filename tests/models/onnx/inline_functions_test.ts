import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { assertAllClose } from "../../support/all_close.ts";
import { type File, type Node, onnxBytes } from "../../support/onnx_bytes.ts";

const OPSETS = { "": 17, local: 1 };
const X = { data: Float32Array.of(1, 2, -3, 4), shape: [2, 2] };
const QUIET = { progress: false };

function bytesOf(file: File) {
  return onnxBytes({
    opsets: OPSETS,
    outputs: [{ name: "y", shape: ["N", 2] }],
    ...file,
  });
}

const LINEAR = {
  name: "Linear",
  domain: "local",
  inputs: ["x", "w"],
  outputs: ["y"],
  nodes: [{ op: "MatMul", name: "product", in: ["x", "w"], out: ["y"] }],
};

const HEAD = {
  name: "Head",
  domain: "local",
  inputs: ["x", "w"],
  outputs: ["p"],
  nodes: [
    { op: "Linear", domain: "local", name: "fc", in: ["x", "w"], out: ["z"] },
    {
      op: "Softmax",
      in: ["z"],
      out: ["p"],
      attributes: { axis: { of: "dim", type: 2 } },
    },
  ],
};

const call = (op: string, more: Partial<Node> = {}): Node => ({
  op,
  domain: "local",
  name: "head",
  in: ["h", "w"],
  out: ["y"],
  ...more,
});

Deno.test("inlineFunctions() lists the operations of calls behind their rows, and finds the head in them", async () => {
  const bytes = bytesOf({
    nodes: [
      { op: "Relu", in: ["x"], out: ["h"] },
      call("Head", { attributes: { dim: -1 } }),
    ],
    constants: [{ name: "w", shape: [2, 2], floats: [1, 2, 3, 4] }],
    functions: [LINEAR, HEAD],
  });
  await using model = await loadModel(bytes);
  assertEquals(
    model.layers.map(({ index, name, kind }) => `${index} ${name} ${kind}`),
    [
      ...["0 h Relu", "1 head Head"],
      ...["undefined head/fc/product MatMul", "undefined head/p Softmax"],
    ],
  );
  assertEquals(model.findLayer("y").name, "head");
  assertEquals(model.findLayer(-1).name, "head");
  const extractor = new FeatureExtractor(model).layers(["head", "h"]);
  const { features, logits } = await extractor.predict(X, QUIET);
  // By hand: relu(x) w.
  assertEquals([...logits!.data], [7, 10, 12, 16]);
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const expected = [3, 4].flatMap((z) => [sigmoid(-z), sigmoid(z)]);
  assertAllClose(features[0]!.data, expected, { atol: 1e-6 });
});

Deno.test("inlineFunctions() passes attributes of calls, and omitted ones have their defaults", async () => {
  const scale = {
    ...{ name: "Leaky", domain: "local", inputs: ["x"], outputs: ["y"] },
    nodes: [{
      op: "LeakyRelu",
      in: ["x"],
      out: ["y"],
      attributes: { alpha: { of: "slope", type: 1 } },
    }],
  };
  const slopeOf = async (attributes: Node["attributes"]) => {
    const nodes = [
      call("Leaky", { in: ["x"], ...attributes && { attributes } }),
    ];
    await using model = await loadModel(bytesOf({ nodes, functions: [scale] }));
    const { features } = await new FeatureExtractor(model).layers(["head"])
      .predict(X, QUIET);
    return features[0]!.data[2]! / -3;
  };
  assertAllClose([await slopeOf({ slope: { float: 0.5 } })], [0.5]);
  assertAllClose([await slopeOf({})], [0.01], { atol: 1e-7 });
});

/** Doubles what is positive, by a branch that reads the function's input. */
const BRANCH = {
  name: "Branch",
  domain: "local",
  inputs: ["x"],
  outputs: ["y"],
  nodes: [
    { op: "ReduceMax", in: ["x"], out: ["most"], attributes: { keepdims: 0 } },
    { op: "Cast", in: ["most"], out: ["yes"], attributes: { to: 9 } },
    {
      op: "If",
      in: ["yes"],
      out: ["y"],
      attributes: {
        "then_branch": {
          graph: {
            nodes: [{ op: "Add", in: ["x", "x"], out: ["h"] }],
            outputs: [{ name: "h", shape: ["N", 2] }],
          },
        },
        "else_branch": {
          graph: {
            nodes: [{ op: "Neg", in: ["x"], out: ["h"] }],
            outputs: [{ name: "h", shape: ["N", 2] }],
          },
        },
      },
    },
  ],
};

Deno.test("inlineFunctions() renames the tensors of subgraphs, which ONNX Runtime cannot run in functions", async () => {
  const bytes = bytesOf({
    nodes: [
      call("Branch", { name: "a", in: ["x"], out: ["h"] }),
      call("Branch", { name: "b", in: ["h"], out: ["y"] }),
    ],
    functions: [BRANCH],
  });
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers(["a", "b"]);
  const { features } = await extractor.predict(X, QUIET);
  assertEquals([...features[0]!.data], [2, 4, -6, 8]);
  assertEquals([...features[1]!.data], [4, 8, -12, 16]);
});

Deno.test("functions with subgraphs that cannot be replaced are refused", async () => {
  const text = {
    op: "Constant",
    out: ["t"],
    attributes: { value: { tensor: { name: "", type: 8, strings: ["a"] } } },
  };
  const functions = [{ ...BRANCH, nodes: [text, ...BRANCH.nodes] }];
  const nodes = [call("Branch", { in: ["x"] })];
  await using model = await loadModel(bytesOf({ nodes, functions }));
  await assertRejects(
    () => new FeatureExtractor(model).layers(["head"]).predict(X, QUIET),
    TypeError,
    'Cannot run "head" as its runtime cannot run a function with subgraphs',
  );
});

Deno.test("operators of functions are guarded like others", async () => {
  const quotient = {
    ...{ name: "Quotient", domain: "local", outputs: ["q"] },
    inputs: ["a", "b"],
    nodes: [{ op: "Div", in: ["a", "b"], out: ["q"] }],
  };
  const ints = (name: string) => ({ name, type: 6, shape: ["N"] });
  const bytes = bytesOf({
    nodes: [call("Quotient", { in: ["x", "d"] })],
    inputs: [ints("x"), ints("d")],
    outputs: [ints("y")],
    functions: [quotient],
  });
  await using model = await loadModel(bytes);
  const values = (...data: number[]) => ({
    data: Int32Array.from(data),
    shape: [2],
  });
  const inputs = { x: values(-(2 ** 31), 9), d: values(-1, 2) };
  const { features } = await new FeatureExtractor(model).layers(["head"])
    .predict(inputs, QUIET);
  assertEquals([...features[0]!.data], [-(2 ** 31), 4]);
});

Deno.test("inlineFunctions() copies an input that a function returns", async () => {
  const nodes = [
    call("Both", { in: ["x"], out: ["same", "minus"] }),
    { op: "Mul", in: ["same", "minus"], out: ["y"] },
  ];
  const both = {
    ...{ name: "Both", domain: "local", inputs: ["a"], outputs: ["a", "b"] },
    nodes: [{ op: "Neg", in: ["a"], out: ["b"] }],
  };
  await using model = await loadModel(bytesOf({ nodes, functions: [both] }));
  const { features } = await new FeatureExtractor(model).layers(["y"])
    .predict(X, QUIET);
  assertEquals([...features[0]!.data], [-1, -4, -9, -16]);
});

Deno.test("a function of the domain of ONNX, of another opset than its operators, is not replaced", async () => {
  const bytes = bytesOf({
    nodes: [{ op: "F", in: ["x"], out: ["y"] }],
    inputs: [{ name: "x", shape: ["N", 2] }],
    functions: [{
      ...{ name: "F", domain: "", inputs: ["a"], outputs: ["b"] },
      nodes: [{ op: "Softmax", in: ["a"], out: ["b"] }],
      opsets: { "": 12 },
    }],
  });
  await using model = await loadModel(bytes);
  assertEquals(model.layers.map(({ kind }) => kind), ["F"]);
});
