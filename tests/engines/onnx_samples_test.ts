import { assertEquals } from "@std/assert";
import { loadModel } from "@sonde/sonde";
import { makeProgram } from "../../lib/engines/program.ts";
import { rawRows } from "../../lib/engines/raw_rows.ts";
import type { SampleRows } from "../../lib/engines/sample_rows.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../lib/models/graph/model_graph.ts";
import { openOnnxModel } from "../support/onnx_models.ts";
import { type Constant, type Node, onnxBytes } from "../support/onnx_bytes.ts";

/** The kind of the first operation that may mix the rows of `[4, 3, 5]`. */
async function mixing(
  nodes: readonly Node[],
  constants: readonly Constant[] = [],
): Promise<string | undefined> {
  return (await rowsOf(nodes, constants)).uncertain?.row.kind;
}

async function rowsOf(
  nodes: readonly Node[],
  constants: readonly Constant[],
): Promise<SampleRows> {
  const last = nodes.at(-1)!.out![0]!;
  await using model = await loadModel(onnxBytes({
    nodes,
    constants,
    inputs: [{ name: "x", type: 1, shape: [4, 3, 5] }],
    outputs: [{ name: last }],
    opsets: { "": 17 },
  }));
  return await rowsIn(modelGraphOf(model)!);
}

async function rowsIn(graph: ModelGraph): Promise<SampleRows> {
  const feeds = graph.inputs.map((spec, i) => ({
    ref: graph.inputRefs[i]!,
    spec,
  }));
  const features = graph.outputRefs.map((ref) => ({
    name: ref.node.row.name,
    ref,
    builtIn: <T>(_ops: unknown, feature: T) => feature,
    custom: [],
  }));
  const parts = { graph, feeds, features, wantsPenultimate: false };
  return await rawRows(makeProgram(parts));
}

function node(
  op: string,
  inputs: readonly string[],
  attributes: Node["attributes"] = {},
): Node {
  return { op, in: ["x", ...inputs], out: ["y"], attributes };
}

const int = (name: string, ...ints: number[]): Constant => (
  { name, type: 7, shape: [ints.length], ints }
);
const float = (name: string, shape: number[]): Constant => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { name, type: 1, shape, floats: Array(size).fill(1) };
};

const APART: readonly [Node, ...Constant[]][] = [
  [
    node("Slice", ["s", "e", "a"]),
    ...[int("s", 0), int("e", 1), int("a", -1)],
  ],
  [node("Gather", ["i"], { axis: 1 }), int("i", 1, 0)],
  [node("Expand", ["s"]), int("s", 4, 3, 5)],
  [node("Expand", ["s"]), int("s", 3, 5)],
  [node("TopK", ["k"]), int("k", 2)],
  [node("LpNormalization", [])],
  [node("CumSum", ["a"]), int("a", 2)],
  [node("Tile", ["t"]), int("t", 1, 2, 1)],
  [node("Resize", ["", "s"]), float("s", [3])],
  [node("Trilu", [])],
  [node("Relu", [])],
  [node("Add", ["c"]), float("c", [3, 5])],
  [node("Add", ["c"]), float("c", [1, 3, 5])],
  [node("Mul", ["x"])],
  [node("MatMul", ["w"]), float("w", [5, 2])],
  [node("MatMul", ["w"]), float("w", [1, 5, 2])],
  [node("Conv", ["w"]), float("w", [2, 3, 2])],
  [node("Softmax", [], { axis: 1 })],
  [node("ReduceMean", [], { axes: [1, -1] })],
  [node("ReduceSum", ["a"]), int("a", 2)],
  [node("Transpose", [], { perm: [0, 2, 1] })],
  [node("Reshape", ["s"]), int("s", 4, -1)],
  [node("Reshape", ["s"]), int("s", 0, 5, 3)],
  [node("Reshape", ["s"]), int("s", -1, 15)],
  [node("ReduceSumSquare", [], { axes: [1] })],
  [node("Shape", [])],
  [node("Flatten", [])],
  [node("Concat", ["x"], { axis: 1 })],
  [node("Pad", ["p"]), int("p", 0, 1, 0, 0, 0, 2)],
];

/** With a row for each sample, which its position in the batch decides. */
const ORDERED: readonly [Node, ...Constant[]][] = [
  [node("Add", ["c"]), float("c", [4, 3, 5])],
  [node("MatMul", ["w"]), float("w", [4, 5, 2])],
  [node("Concat", ["c"], { axis: 2 }), float("c", [4, 3, 1])],
];

const MIXING: readonly [Node, ...Constant[]][] = [
  [node("Add", ["c"]), float("c", [2, 1, 1, 1])],
  [node("Softmax", [], { axis: 0 })],
  [node("Softmax", [], { axis: -3 })],
  [node("ReduceMean", [])],
  [node("ReduceMean", [], { axes: [-3] })],
  [node("ReduceSum", ["a"]), int("a", 0)],
  [node("Transpose", [], { perm: [1, 0, 2] })],
  [node("Transpose", [])],
  [node("Reshape", ["s"]), int("s", -1, 5)],
  [node("Reshape", ["s"]), int("s", 2, 30)],
  [node("Flatten", [], { axis: 0 })],
  [node("Concat", ["x"], { axis: 0 })],
  [node("Pad", ["p"]), int("p", 1, 0, 0, 0, 0, 0)],
  [node("Pad", ["p"]), int("p", -1, 0, 0, 0, 0, 0)],
  [node("ArgMax", [])],
  [node("CumSum", ["a"]), int("a", -3)],
  [
    node("Slice", ["s", "e", "a"]),
    ...[int("s", 0), int("e", 1), int("a", 0)],
  ],
  [node("Slice", ["s", "e"]), int("s", 0), int("e", 1)],
  [node("Gather", ["i"]), int("i", 1, 0)],
  [node("Expand", ["s"]), int("s", 2, 4, 3, 5)],
  [node("TopK", ["k"], { axis: 0 }), int("k", 2)],
  [node("LpNormalization", [], { axis: -3 })],
  [node("Tile", ["t"]), int("t", 2, 1, 1)],
  [node("Resize", ["", "s"], { axes: [1, 0, 2] }), float("s", [3])],
  [node("NonZero", [])],
  [
    node("ReverseSequence", ["n"], { "time_axis": 0, "batch_axis": 1 }),
    int("n", 1, 2, 3),
  ],
];

Deno.test("rawRows() knows operators that keep rows apart", async () => {
  for (const [one, ...constants] of APART) {
    const found = await mixing([one], constants);
    assertEquals(found, undefined, `${one.op} ${JSON.stringify(constants)}`);
  }
});

Deno.test("rawRows() finds operators whose constants have a row for each sample", async () => {
  for (const [one, ...constants] of ORDERED) {
    const { uncertain, ordered, mixing } = await rowsOf([one], constants);
    assertEquals([uncertain, mixing], [undefined, []], one.op);
    assertEquals(ordered.map(({ row }) => row.kind), [one.op]);
  }
});

Deno.test("rawRows() knows products within a sample", async () => {
  const swap: Node = {
    ...{ op: "Transpose", in: ["x"], out: ["t"] },
    attributes: { perm: [0, 2, 1] },
  };
  assertEquals(await mixing([swap, node("MatMul", ["t"])]), undefined);
});

Deno.test("rawRows() finds operators that mix rows, or that it does not know", async () => {
  for (const [one, ...constants] of MIXING) {
    const found = await mixing([one], constants);
    const text = `${one.op} ${JSON.stringify([one.attributes, constants])}`;
    assertEquals(found, one.op, text);
  }
});

Deno.test("rawRows() follows ranks: rows of [N, D] with [N, T, D] mix", async () => {
  const pooled = { op: "ReduceMean", in: ["x"], out: ["p"] };
  const attributes = { axes: [1], keepdims: 0 };
  const first = { ...pooled, attributes };
  const sum = { op: "Add", in: ["x", "p"], out: ["y"] };
  assertEquals(await mixing([first, sum]), "Add");
  const kept = { ...pooled, attributes: { axes: [1] } };
  assertEquals(await mixing([kept, sum]), undefined);
});

Deno.test("rawRows() knows rows of a table by the indices of a sample", async () => {
  const whole: Node = {
    ...{ op: "Cast", in: ["x"], out: ["i"], attributes: { to: 7 } },
  };
  const rows = (axis: number): Node => ({
    ...{ op: "Gather", in: ["table", "i"], out: ["y"], attributes: { axis } },
  });
  const table = float("table", [6, 2]);
  assertEquals(await mixing([whole, rows(0)], [table]), undefined);
  // Here the samples would be on the second axis.
  assertEquals(await mixing([whole, rows(1)], [table]), "Gather");
});

Deno.test("rawRows() reads computed axes from lists, not from tables", async () => {
  const sum: Node = { op: "ReduceSum", in: ["x", "axes"], out: ["y"] };
  const row: Node = { op: "Gather", in: ["table", "i"], out: ["axes"] };
  const i = { name: "i", type: 7, shape: [], ints: [1] };
  const table = (...shape: number[]): Constant => ({
    ...{ name: "table", type: 7, shape, ints: [1, 2, 0, 1].slice(0, shape[0]) },
  });
  const last = { ...i, shape: [1] };
  assertEquals(await mixing([row, sum], [table(2), last]), undefined);
  // The second row, [0, 1], not the second number.
  const rows = { ...table(2, 2), ints: [1, 2, 0, 1] };
  assertEquals(await mixing([row, sum], [rows, i]), "ReduceSum");
});

Deno.test("rawRows() finds samples in the states and lengths of a recurrent operator", async () => {
  const pooled = (to: string, axes: readonly number[]): Node => ({
    ...{ op: "ReduceMax", in: ["x"], out: [to] },
    attributes: { axes, keepdims: 0 },
  });
  const rnn = (...inputs: string[]): Node => ({
    ...{ op: "RNN", in: inputs, out: ["all", "y"] },
    attributes: { hidden_size: 5 },
  });
  const mean: Node = {
    ...{ op: "ReduceMean", in: ["y"], out: ["m"], attributes: { axes: [1] } },
  };
  const wide: Node = { op: "Unsqueeze", in: ["p", "first"], out: ["h"] };
  const whole: Node = {
    ...{ op: "Cast", in: ["p"], out: ["l"], attributes: { to: 6 } },
  };
  const constants = [
    ...[float("c", [2, 4, 3]), float("w", [1, 5, 3]), float("r", [1, 5, 5])],
    int("first", 0),
  ];
  const states = [pooled("p", [1]), wide, rnn("c", "w", "r", "", "", "h")];
  assertEquals(await mixing([...states, mean], constants), "ReduceMean");
  const lengths = [pooled("p", [1, 2]), whole, rnn("c", "w", "r", "", "l")];
  assertEquals(await mixing([...lengths, mean], constants), "ReduceMean");
});

Deno.test("rawRows() takes what is computed from constants as the same for all samples", async () => {
  const made: Node = { op: "ConstantOfShape", in: ["sizes"], out: ["ones"] };
  const joined: Node = {
    ...{ op: "Concat", in: ["ones", "x"], out: ["y"], attributes: { axis: 1 } },
  };
  const sizes = int("sizes", 4, 1, 5);
  assertEquals(await mixing([made, joined], [sizes]), undefined);
  const along = { ...joined, attributes: { axis: 0 } };
  assertEquals(await mixing([made, along], [sizes]), "Concat");
  const drawn: Node = { op: "RandomUniformLike", in: ["ones"], out: ["r"] };
  const last = { ...joined, in: ["r", "x"] };
  assertEquals(
    await mixing([made, drawn, last], [sizes]),
    "RandomUniformLike",
  );
});

Deno.test("rawRows() knows products of integers with constant weights", async () => {
  const bytes: Node = {
    ...{ op: "Cast", in: ["x"], out: ["b"], attributes: { to: 2 } },
  };
  const weights = {
    name: "w",
    type: 3,
    shape: [5, 2],
    raw: new Uint8Array(10),
  };
  const product = (...inputs: string[]): Node => ({
    ...{ op: "MatMulInteger", in: inputs, out: ["y"] },
  });
  assertEquals(await mixing([bytes, product("b", "w")], [weights]), undefined);
  assertEquals(
    await mixing([bytes, product("b", "b")], [weights]),
    "MatMulInteger",
  );
});

Deno.test("rawRows() finds none in a convolutional network of an exporter", async () => {
  await using model = await openOnnxModel("torch_cnn_fixed");
  assertEquals((await rowsIn(model)).uncertain, undefined);
});
