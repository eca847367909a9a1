/**
 * Operators that the runtime computes wrongly, or ends the process on, in
 * subgraphs, and in functions that are not replaced by their operations.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { assertAllClose } from "../../support/all_close.ts";
import {
  type Attribute,
  type Constant,
  type File,
  type Node,
  onnxBytes,
} from "../../support/onnx_bytes.ts";

const X = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };

/** The results of the engine, and of the exported file. */
async function both(file: File): Promise<number[][]> {
  await using model = await loadModel(onnxBytes(file));
  const extractor = new FeatureExtractor(model).layers("it").logits(false);
  await using exported = await loadModel(await extractor.toOnnx());
  const again = new FeatureExtractor(exported).layers([-1]).logits(false);
  const sets = [await extractor.predict(X), await again.predict(X)];
  return sets.map(({ features: [feature] }) => [...feature!.data]);
}

function value(name: string, constant: Omit<Constant, "name">): Node {
  const tensor = { name: "", ...constant };
  return { op: "Constant", out: [name], attributes: { value: { tensor } } };
}

function graphOf(nodes: readonly Node[]): Attribute {
  return { graph: { nodes, outputs: [{ name: "n", type: 1 }] } };
}

/** An If, both branches of which compute `n` from `x`. */
function branches(nodes: readonly Node[], out: string): Node[] {
  const graph = graphOf(nodes);
  return [
    { op: "ReduceMax", in: ["x"], out: ["most"], attributes: { keepdims: 0 } },
    { op: "Cast", in: ["most"], out: ["yes"], attributes: { to: 9 } },
    {
      ...{ op: "If", in: ["yes"], out: [out] },
      attributes: { "then_branch": graph, "else_branch": graph },
    },
  ];
}

const ENDS = { in: ["x"], out: ["y"] };

/** Files in which operators compute `n` from `x`, `[N, 2]`. */
const LOCATIONS: Readonly<Record<string, (nodes: readonly Node[]) => File>> = {
  "a subgraph": (nodes) => ({ nodes: branches(nodes, "y") }),
  "a subgraph of a subgraph": (nodes) => {
    const [, , branch] = branches(nodes, "n");
    return { nodes: branches([branch!], "y") };
  },
  "a function": (nodes) => ({
    nodes: [{ op: "Kept", domain: "own", ...ENDS }],
    functions: [{
      ...{ name: "Kept", domain: "own", inputs: ["x"], outputs: ["n"] },
      // Functions with strings are kept.
      nodes: [value("text", { type: 8, shape: [1], strings: ["a"] }), ...nodes],
    }],
  }),
};

function fileOf(location: string, nodes: readonly Node[]): File {
  const file = LOCATIONS[location]!(nodes);
  return {
    ...file,
    opsets: { "": 13, own: 1, "ai.onnx.ml": 3 },
    nodes: [
      ...file.nodes!,
      { op: "Identity", name: "it", in: ["y"], out: ["z"] },
    ],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "z", type: 1 }],
  };
}

/** The lowest integer and -1, as `low` and `minus`, each of `type`. */
function lowest(type: number): Node[] {
  const bytes = type === 6
    ? new Uint8Array(Int32Array.of(-(2 ** 31)).buffer)
    : new Uint8Array(BigInt64Array.of(-(2n ** 63n)).buffer);
  return [
    value("low", { type, shape: [1], raw: bytes }),
    value("one", {
      type,
      shape: [1],
      ints: [1],
      intsField: type === 6 ? 5 : 7,
    }),
    { op: "Cast", in: ["x"], out: ["i"], attributes: { to: type } },
    // Of a type that no list of operators tells.
    { op: "Concat", in: ["i", "i"], out: ["j"], attributes: { axis: 1 } },
    { op: "Sub", in: ["j", "j"], out: ["zeros"] },
    { op: "Sub", in: ["zeros", "one"], out: ["minus"] },
  ];
}

const TO_FLOAT = { op: "Cast", in: ["q"], out: ["n"], attributes: { to: 1 } };

function divided(op: string, type: number, low = "low"): Node[] {
  return [...lowest(type), { op, in: [low, "minus"], out: ["q"] }, TO_FLOAT];
}

const TREE: Node = {
  op: "TreeEnsembleClassifier",
  domain: "ai.onnx.ml",
  in: ["x"],
  out: ["", "n"],
  attributes: {
    ...{ "nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2] },
    "nodes_featureids": [0, 0, 0],
    "nodes_values": { floats: [2, 0, 0] },
    "nodes_modes": { strings: ["BRANCH_LEQ", "LEAF", "LEAF"] },
    ...{ "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [2, 0, 0] },
    ...{ "class_treeids": [0, 0], "class_nodeids": [1, 2] },
    "class_ids": [0, 0],
    "class_weights": { floats: [0.25, 0.75] },
    "classlabels_int64s": [4, 7],
  },
};

/** Operators, and `n` for the values 1 to 4 of `x`. */
const CASES: Readonly<Record<string, readonly [Node[], number[]]>> = {
  "an output that is omitted": [[{
    ...{ op: "Split", in: ["x"], out: ["", "n"] },
    attributes: { axis: 1 },
  }], [2, 4]],
  "a sequence of length 0": [[
    value("lengths", { type: 7, shape: [2], ints: [0, 2] }),
    {
      ...{ op: "ReverseSequence", in: ["x", "lengths"], out: ["n"] },
      attributes: { "batch_axis": 0, "time_axis": 1 },
    },
  ], [1, 2, 4, 3]],
  "a mean with ceil_mode": [[
    value("axes", { type: 7, shape: [1], ints: [1] }),
    { op: "Concat", in: ["x", "x"], out: ["four"], attributes: { axis: 1 } },
    { op: "Unsqueeze", in: ["four", "axes"], out: ["map"] },
    {
      ...{ op: "AveragePool", in: ["map"], out: ["n"] },
      attributes: {
        ...{ "ceil_mode": 1, "count_include_pad": 1 },
        ...{ "kernel_shape": [3], strides: [3] },
      },
    },
  ], [4 / 3, 2, 10 / 3, 4]],
  "trees of two classes": [[TREE], [0.75, 0.25, 0.25, 0.75]],
  "int32 divided by -1": [divided("Div", 6), Array(8).fill(-(2 ** 31))],
  "int64 divided by -1": [divided("Div", 7), Array(8).fill(-(2 ** 63))],
  "the rest of a division by -1": [divided("Mod", 7), Array(8).fill(0)],
  "floats divided": [[
    { op: "Neg", in: ["x"], out: ["minus"] },
    { op: "Concat", in: ["minus", "x"], out: ["j"], attributes: { axis: 1 } },
    value("half", { shape: [1], floats: [0.5] }),
    { op: "Concat", in: ["x", "x"], out: ["k"], attributes: { axis: 1 } },
    { op: "Mul", in: ["j", "half"], out: ["d"] },
    { op: "Div", in: ["k", "d"], out: ["n"] },
  ], [-2, -2, 2, 2, -2, -2, 2, 2]],
};

for (const location of Object.keys(LOCATIONS)) {
  for (const [what, [nodes, wanted]] of Object.entries(CASES)) {
    Deno.test(`${what}, in ${location}`, async () => {
      for (const values of await both(fileOf(location, nodes))) {
        assertAllClose(values, wanted, { atol: 1e-6 });
      }
    });
  }

  Deno.test(`an LSTM checks the width of its rows in ${location}`, async () => {
    const weights = (name: string, shape: readonly number[]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return value(name, { shape, floats: Array(count).fill(1) });
    };
    const lstm = (width: number, isComputed: boolean): Node[] => [
      value("axes", { type: 7, shape: [1], ints: [1] }),
      { op: "Unsqueeze", in: ["x", "axes"], out: ["steps"] },
      weights("w", [1, 8, width]),
      weights("r", [1, 8, 2]),
      { op: "Identity", in: ["w"], out: ["v"] },
      {
        ...{ op: "LSTM", name: "op", out: ["all"] },
        in: ["steps", isComputed ? "v" : "w", "r"],
        attributes: { "hidden_size": 2 },
      },
      { op: "Squeeze", in: ["all", "axes"], out: ["n"] },
    ];
    for (const isComputed of [false, true]) {
      const [right] = await both(fileOf(location, lstm(2, isComputed)));
      assertEquals(right!.length, 4);
      await assertRejects(
        () => both(fileOf(location, lstm(3, isComputed))),
        TypeError,
        `${
          location === "a function" ? "Kept_" : ""
        }op" must have shape [2, 1, 3], not [2, 1, 2]`,
      );
    }
  });
}

for (const location of Object.keys(LOCATIONS)) {
  Deno.test(`NaN in a weight of ${location} is refused, but for one that Where chooses`, async () => {
    const scaled = [
      value("w", { shape: [2], floats: [1, NaN] }),
      { op: "Mul", in: ["x", "w"], out: ["n"] },
    ];
    await assertRejects(
      () => both(fileOf(location, scaled)),
      RangeError,
      'weight "w" must hold no NaN: current value is "1 of 2"',
    );
    const chosen = [
      value("nan", { shape: [], floats: [NaN] }),
      value("three", { shape: [], floats: [3] }),
      { op: "Less", in: ["x", "three"], out: ["isLow"] },
      { op: "Where", in: ["isLow", "nan", "x"], out: ["n"] },
    ];
    for (const values of await both(fileOf(location, chosen))) {
      assertEquals(values, [NaN, NaN, 3, 4]);
    }
  });
}

Deno.test("a bias that is computed in a function has the size of its weights", async () => {
  const conv = (size: number): Node[] => [
    value("axes", { type: 7, shape: [1], ints: [2] }),
    value("w", { shape: [2, 2, 1], floats: [1, 0, 0, 1] }),
    value("b", { shape: [size], floats: Array(size).fill(5) }),
    { op: "Identity", in: ["w"], out: ["v"] },
    { op: "Identity", in: ["b"], out: ["c"] },
    { op: "Unsqueeze", in: ["x", "axes"], out: ["map"] },
    { op: "Conv", name: "op", in: ["map", "v", "c"], out: ["n"] },
  ];
  for (const values of await both(fileOf("a function", conv(2)))) {
    assertEquals(values, [6, 7, 8, 9]);
  }
  await assertRejects(
    () => both(fileOf("a function", conv(1))),
    TypeError,
    'the input of operation "Kept_op" must have shape [2], not [1]',
  );
});

Deno.test("an operator that the attributes of a call decide is refused by name", async () => {
  const cases = [
    ["AveragePool", "ceil_mode"],
    ["BatchNormalization", "training_mode"],
  ] as const;
  for (const [op, attribute] of cases) {
    const node: Node = {
      ...{ op, name: "op", in: ["x"], out: ["n"] },
      attributes: { [attribute]: { of: "passed", type: 2 } },
    };
    await assertRejects(
      () => both(fileOf("a function", [node])),
      TypeError,
      `Cannot run "op" as its runtime may compute it wrongly, by its "${attribute}", which is an attribute of the call of a function`,
    );
  }
});

Deno.test("an operator of a function of an earlier opset, which means something else there, is refused", async () => {
  const cases = [["Softmax", 12, 13], ["DFT", 19, 20]] as const;
  for (const [op, own, opset] of cases) {
    const file = fileOf("a function", [
      { op, name: "p", in: ["x"], out: ["n"] },
    ]);
    const opsets = { ...file.opsets, "": opset };
    const functions = file.functions!.map((each) => ({
      ...{ ...each, opsets: { "": own } },
    }));
    await assertRejects(
      () => both({ ...file, opsets, functions }),
      TypeError,
      `Cannot run "p" as its runtime computes it as in opset ${opset}, and its function is of opset ${own}; convert the file in Python: onnx.inliner.inline_local_functions(model, True)`,
    );
  }
});
